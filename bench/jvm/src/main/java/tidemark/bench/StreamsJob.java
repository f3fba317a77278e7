package tidemark.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The benchmark's job on Kafka Streams: increases and their sums by the partitions of the input, then, over a topic in
 * between, windows and the rule by group.
 *
 * <p>Written with the Processor API. Windows of the DSL close by stream time, the greatest timestamp that a task has
 * seen: behind a repartition topic, of whichever partition of the input is ahead, on a backlog by minutes, so that what
 * the others bring is late. Here what a partition promises goes along with its sums, and the least of all promises
 * closes a window. So also a group's sums of a window go through the topic in between in place of each sample.
 *
 * <p>Stores are in memory, with a changelog and a cache, which leaves out what changes again before a commit.
 */
public final class StreamsJob {
  static final String NAMES = "names";
  static final String SERIES = "series";
  static final String WATERMARKS = "watermarks";
  static final String OPEN = "open";
  static final String JUDGINGS = "judgings";

  private static final String GUARANTEE = "--guarantee";
  private static final String THREADS = "--threads";
  private static final String COMMIT_EVERY = "--commit-every";
  private static final long LOOK_EVERY_MS = 50;

  private StreamsJob() {}

  public static void main(String[] args) {
    Program.main(args, Set.of(GUARANTEE, THREADS, COMMIT_EVERY), StreamsJob::run);
  }

  private static Cost run(Options options) throws Exception {
    var states = Files.createTempDirectory("kafka-streams");
    try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", options.brokers()))) {
      int partitions = Program.partitions(admin, options.topic());
      admin.createTopics(List.of(new NewTopic(partials(options), partitions, (short) 1))).all().get();
      var finals = new ConcurrentHashMap<Integer, Long>();
      var failed = new CompletableFuture<Void>();
      var streams = new KafkaStreams(topology(options, partitions, finals), properties(options, states));
      streams.setUncaughtExceptionHandler(error -> {
        failed.completeExceptionally(error);
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
      });
      try {
        streams.start();
        while (!isCommitted(admin, options, partitions, finals)) {
          if (failed.isDone()) failed.get();
          Thread.sleep(LOOK_EVERY_MS);
        }
        return Cost.now();
      } finally {
        streams.close(Duration.ofSeconds(30));
      }
    } finally {
      Utils.delete(states.toFile());
    }
  }

  private static Topology topology(Options options, int partitions, Map<Integer, Long> finals) {
    var bytes = new ByteArrayDeserializer();
    var out = new ByteArraySerializer();
    return new Topology()
        .addSource(AutoOffsetReset.earliest(), "metrics", bytes, bytes, options.topic())
        .addProcessor("sum", () -> new SumSeries(options, partitions), "metrics")
        .addStateStore(store(NAMES, Serdes.Integer(), Form.serde(Form.NAME)), "sum")
        .addStateStore(store(SERIES, Serdes.Integer(), Series.serde()), "sum")
        .addSink("partials", partials(options), Serdes.Integer().serializer(), Form.serde(Form.CLOSED).serializer(),
            (topic, partition, closed, of) -> Optional.of(Set.of(partition)), "sum")
        .addSource(AutoOffsetReset.earliest(), "closed", Serdes.Integer().deserializer(),
            Form.serde(Form.CLOSED).deserializer(), partials(options))
        .addProcessor("judge", () -> new JudgeClosed(options, partitions, finals), "closed")
        .addStateStore(store(WATERMARKS, Serdes.Integer(), Serdes.Long()), "judge")
        .addStateStore(store(OPEN, Serdes.Long(), Form.serde(Form.PARTIALS)), "judge")
        .addStateStore(store(JUDGINGS, Form.serde(Form.GROUP), Form.serde(Form.JUDGING)), "judge")
        .addSink(options.windows(), options.windows(), out, out, "judge")
        .addSink(options.alerts(), options.alerts(), out, out, "judge");
  }

  private static <K, V> StoreBuilder<KeyValueStore<K, V>> store(String name, Serde<K> key, Serde<V> value) {
    return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), key, value).withCachingEnabled();
  }

  private static Properties properties(Options options, Path states) {
    var properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, options.prefix());
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.brokers());
    properties.put(StreamsConfig.STATE_DIR_CONFIG, states.toString());
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, options.text(GUARANTEE, StreamsConfig.EXACTLY_ONCE_V2));
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, (int) options.number(THREADS, 1));
    // As often as Flink takes a checkpoint. By default it would be each 100 ms, if exactly once: then what changed of
    // each series goes to the changelog ten times a second, and the caches leave out little.
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, options.number(COMMIT_EVERY, 10_000));
    // A transaction lasts from one commit to the next.
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 60_000);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    // Tidemark does not check them either.
    properties.put(ConsumerConfig.CHECK_CRCS_CONFIG, false);
    // A backlog is read in few, large pieces.
    properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 10_000);
    properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 << 20);
    return properties;
  }

  private static String partials(Options options) {
    return options.prefix() + "-partials";
  }

  /** Whether the records that closed the last windows are committed, and with them all that came of them. */
  private static boolean isCommitted(Admin admin, Options options, int partitions, Map<Integer, Long> finals)
      throws Exception {
    if (finals.size() < partitions) return false;
    var offsets = admin.listConsumerGroupOffsets(options.prefix()).partitionsToOffsetAndMetadata().get();
    return finals.entrySet().stream().allMatch(one -> {
      var committed = offsets.get(new TopicPartition(partials(options), one.getKey()));
      return committed != null && committed.offset() > one.getValue();
    });
  }
}
