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
import org.apache.kafka.common.config.TopicConfig;
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
        var topics = Stream.of(options.windows(), options.alerts()).map(name -> output(name, partitions)).toList();
        admin.createTopics(topics).all().get();
      }
      Cost.warmUpWith(options.warmUp());
      var end = within(options.timeout(), options, job);
      System.out.println(report(options, Cost.atBegin(), Cost.warm(), end, Cost.peakRss()));
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

  /** With the time at which the broker appends a record: as it is in Tidemark's, and alike for both engines. */
  private static NewTopic output(String name, int partitions) {
    return new NewTopic(name, partitions, (short) 1)
        .configs(Map.of(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"));
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

  private static String report(Options options, Cost begin, Cost warm, Cost end, long peakRss) {
    var outcome = new Outcome(options);
    return String.format(
        Locale.ROOT,
        "{\"windows\":%d,\"alerts\":%d,%s,\"warmUp\":%d,\"warm\":{%s},\"firstOutput\":%.3f,\"peakRss\":%d}",
        outcome.windows, outcome.alerts, used(begin, end), warm.samples(), used(warm, end),
        (outcome.first - begin.time()) / 1e3, peakRss);
  }

  private static String used(Cost from, Cost to) {
    return String.format(
        Locale.ROOT,
        "\"cpu\":%.3f,\"gc\":%.3f,\"wall\":%.3f",
        to.cpu() - from.cpu(), to.gc() - from.gc(), (to.time() - from.time()) / 1e3);
  }

  /** What a consumer sees of the outputs that takes committed records alone. */
  private static final class Outcome {
    long windows;
    long alerts;
    /** When the first window was appended, ms since the epoch. */
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

  /** What each of the causes adds, in a line: the outer ones say where it was, the inner ones what went wrong. */
  private static String reason(Throwable e) {
    var reason = new StringBuilder();
    for (var cause = e; cause != null; cause = cause.getCause()) {
      var message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      var line = message.strip().replaceAll("\\s*\\R\\s*", " ");
      // Most of what wraps another repeats it.
      if (reason.indexOf(line) >= 0) continue;
      if (!reason.isEmpty()) reason.append(": ");
      reason.append(line);
    }
    return reason.toString();
  }
}
