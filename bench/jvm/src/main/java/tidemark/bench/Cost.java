package tidemark.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What this process has used so far: CPU time of all threads, those of the JVM as well, s; in which it stood still to
 * collect garbage, s; the time, ms; and the samples that were read by then.
 */
record Cost(double cpu, double gc, long time, long samples) {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private static final AtomicReference<Cost> BEGIN = new AtomicReference<>();
  private static final AtomicLong SAMPLES = new AtomicLong();
  private static volatile long warmUp;
  private static volatile Cost warm;

  static Cost now() {
    long collected = ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
    return new Cost(SYSTEM.getProcessCpuTime() / 1e9, collected / 1e3, System.currentTimeMillis(), SAMPLES.get());
  }

  /** The job begins to read: the first of its threads that says so. */
  static void begin() {
    BEGIN.compareAndSet(null, now());
  }

  static Cost atBegin() {
    var begin = BEGIN.get();
    if (begin == null) throw new IllegalStateException("the job ended before it began to read");
    return begin;
  }

  /** From when so many samples are read the job is warm. */
  static void warmUpWith(long samples) {
    warmUp = samples;
  }

  /** So many more samples were read, by any of the job's threads. */
  static void count(int samples) {
    long read = SAMPLES.addAndGet(samples);
    if (read >= warmUp && read - samples < warmUp) warm = now();
  }

  /** Without a warm-up, the begin. */
  static Cost warm() {
    if (warmUp <= 0) return atBegin();
    if (warm == null) throw new IllegalStateException("the job ended within its warm-up of " + warmUp + " samples");
    return warm;
  }

  /** Greatest resident set of this process, bytes. */
  static long peakRss() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      var line = lines.filter(one -> one.startsWith("VmHWM:")).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
    }
  }
}
