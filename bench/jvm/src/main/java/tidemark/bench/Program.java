package tidemark.bench;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What both programs have in common: runs a job, then says in a line of JSON what came out and what it cost. */
final class Program {
  interface Job {
    /** What was used when all windows up to the last one were committed. */
    Cost run(Options options) throws Exception;
  }

  private Program() {}

  static void main(String[] args, Set<String> own, Job job) {
    try {
      var options = new Options(args, own);
      var brokers = Map.<String, Object>of("bootstrap.servers", options.brokers());
      try (var admin = Admin.create(brokers)) {
        int partitions = partitions(admin, options.topic());
        var topics = Stream.of(options.windows(), options.alerts());
        admin.createTopics(topics.map(name -> new NewTopic(name, partitions, (short) 1)).toList()).all().get();
      }
      var end = within(options.timeout(), options, job);
      System.out.println(report(options, Cost.atBegin(), end, Cost.peakRss()));
      // Threads of the engines that are still there keep nobody waiting.
      Runtime.getRuntime().halt(0);
    } catch (Exception e) {
      System.err.println(reason(e));
      Runtime.getRuntime().halt(1);
    }
  }

  static int partitions(Admin admin, String topic) throws ExecutionException, InterruptedException {
    return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
  }

  private static Cost within(long seconds, Options options, Job job) throws Exception {
    var done = new CompletableFuture<Cost>();
    var thread = new Thread(() -> {
      try {
        done.complete(job.run(options));
      } catch (Throwable e) {
        done.completeExceptionally(e);
      }
    });
    thread.start();
    try {
      return done.get(seconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("not done within " + seconds + " s", e);
    }
  }

  private static String report(Options options, Cost begin, Cost end, long peakRss) {
    var outcome = new Outcome(options);
    return String.format(
        Locale.ROOT,
        "{\"windows\":%d,\"alerts\":%d,\"cpuStart\":%.3f,\"cpu\":%.3f,"
            + "\"gc\":%.3f,\"wall\":%.3f,\"firstOutput\":%.3f,\"peakRss\":%d}",
        outcome.windows, outcome.alerts, begin.cpu(), end.cpu() - begin.cpu(),
        end.gc() - begin.gc(), (end.time() - begin.time()) / 1e3, (outcome.first - begin.time()) / 1e3, peakRss);
  }

  /** What a consumer sees of the outputs that takes committed records alone. */
  private static final class Outcome {
    long windows;
    long alerts;
    /** When the first window was written, ms since the epoch. */
    long first = Long.MAX_VALUE;

    Outcome(Options options) {
      var properties = new Properties();
      properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.brokers());
      properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
      var bytes = new ByteArrayDeserializer();
      try (var consumer = new KafkaConsumer<>(properties, bytes, bytes)) {
        var partitions = Stream.of(options.windows(), options.alerts())
            .flatMap(topic -> consumer.partitionsFor(topic).stream())
            .map(one -> new TopicPartition(one.topic(), one.partition()))
            .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        var ends = consumer.endOffsets(partitions);
        while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
          for (var record : consumer.poll(Duration.ofSeconds(1))) {
            if (record.topic().equals(options.alerts())) {
              alerts++;
            } else {
              windows++;
              first = Math.min(first, record.timestamp());
            }
          }
        }
      }
      if (windows == 0) throw new IllegalStateException("no window came out");
    }
  }

  /** The innermost message: the engines wrap what went wrong in many that only say that something did. */
  private static String reason(Throwable e) {
    var reason = e.toString();
    for (var cause = e; cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null) reason = cause.getMessage();
    }
    return reason;
  }
}
