package tidemark.bench;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ObjLongConsumer;

/** Sums of the windows that are not closed yet. */
final class OpenWindows implements Sample.Into {
  private final TreeMap<Long, Sums> sums = new TreeMap<>();
  /** Mostly it is asked for the same window as before. */
  private long lastStart = Long.MIN_VALUE;
  private Sums last;
  /** Ends of windows up to here are closed. */
  private long closed;

  OpenWindows(long closed) {
    this.closed = closed;
  }

  @Override
  public Sums at(long start) {
    if (start + Windows.LENGTH <= closed) return null;
    if (start != lastStart) {
      last = sums.computeIfAbsent(start, key -> new Sums());
      lastStart = start;
    }
    return last;
  }

  /** Hands out those that end then or before, in order, and forgets them. */
  void close(long watermark, ObjLongConsumer<Sums> to) {
    closed = watermark;
    while (!sums.isEmpty() && sums.firstKey() + Windows.LENGTH <= watermark) {
      var first = sums.pollFirstEntry();
      if (first.getKey() == lastStart) lastStart = Long.MIN_VALUE;
      to.accept(first.getValue(), first.getKey());
    }
  }

  long closed() {
    return closed;
  }

  Set<Map.Entry<Long, Sums>> open() {
    return sums.entrySet();
  }
}
