package tidemark.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.apache.flink.util.FileUtils;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The benchmark's job on Flink: source, increases and their sums by group in one chain, so that a group's sums of a
 * window cross the network in place of each sample; then windows, the rule and a transactional sink, by group.
 *
 * <p>Event time is that of the watermark records, by partition: only they say when no interval of a sample reaches back
 * any more. The source is bounded by what the topic holds when the job starts, so that the job ends by itself, with the
 * checkpoint that commits the last outputs.
 */
public final class FlinkJob {
  private FlinkJob() {}

  public static void main(String[] args) {
    Program.main(args, Set.of("--parallelism", "--checkpoint-every"), FlinkJob::run);
  }

  private static Cost run(Options options) throws Exception {
    var checkpoints = Files.createTempDirectory("flink-checkpoints");
    try {
      var env = StreamExecutionEnvironment.getExecutionEnvironment(configuration(options, checkpoints));
      env.fromSource(source(options), WatermarkStrategy.forGenerator(context -> new Promised()), "metrics")
          .transform("sums", TypeInformation.of(Partial.class), new PartialSums(options.registry()))
          .keyBy(partial -> partial.group)
          .process(new JudgeGroups(options))
          .sinkTo(sink(options));
      env.execute("tidemark.bench");
      return Cost.now();
    } finally {
      // The engine may still be at it, deleting them one by one.
      FileUtils.deleteDirectoryQuietly(checkpoints.toFile());
    }
  }

  private static Configuration configuration(Options options, Path checkpoints) {
    return new Configuration()
        .set(CoreOptions.DEFAULT_PARALLELISM, (int) options.number("--parallelism", 1))
        .set(PipelineOptions.OBJECT_REUSE, true)
        // What falls back to Kryo would be slow, and say nothing.
        .set(PipelineOptions.GENERIC_TYPES, false)
        .set(CheckpointingOptions.CHECKPOINTING_INTERVAL,
            Duration.ofMillis(options.number("--checkpoint-every", 10_000)))
        .set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE)
        .set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString())
        .set(RestartStrategyOptions.RESTART_STRATEGY, "none");
  }

  private static KafkaSource<Metric> source(Options options) {
    return KafkaSource.<Metric>builder()
        .setBootstrapServers(options.brokers())
        .setTopics(options.topic())
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setBounded(OffsetsInitializer.latest())
        .setDeserializer(new Metrics(options.registry()))
        .setProperty("isolation.level", "read_committed")
        // Tidemark does not check them either.
        .setProperty("check.crcs", "false")
        // A backlog is read in few, large pieces.
        .setProperty("max.poll.records", "10000")
        .setProperty("max.partition.fetch.bytes", String.valueOf(4 << 20))
        .build();
  }

  private static KafkaSink<Output> sink(Options options) {
    var producer = new Properties();
    producer.put("transaction.timeout.ms", "600000");
    producer.put("linger.ms", "20");
    return KafkaSink.<Output>builder()
        .setBootstrapServers(options.brokers())
        .setKafkaProducerConfig(producer)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(options.prefix())
        .setRecordSerializer(new Records())
        .build();
  }

  /** Reads metrics, one object for all: what takes them is in the same chain. */
  private static final class Metrics implements KafkaRecordDeserializationSchema<Metric> {
    private final String registry;
    private transient MetricReader reader;
    private transient Metric metric;

    Metrics(String registry) {
      this.registry = registry;
    }

    @Override
    public void open(DeserializationSchema.InitializationContext context) {
      Cost.begin();
      reader = new MetricReader(new Registry(registry));
      metric = new Metric();
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Metric> out) {
      if (reader.read(record.key(), record.value(), metric)) out.collect(metric);
    }

    @Override
    public TypeInformation<Metric> getProducedType() {
      return TypeInformation.of(Metric.class);
    }
  }

  /** Watermarks of a partition are those that its records promise. */
  private static final class Promised implements WatermarkGenerator<Metric> {
    @Override
    public void onEvent(Metric metric, long timestamp, WatermarkOutput out) {
      // Flink's say that nothing of this very time comes any more.
      if (metric.isWatermark) out.emitWatermark(new Watermark(metric.timestamp - 1));
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput out) {}
  }

  private static final class Records implements KafkaRecordSerializationSchema<Output> {
    @Override
    public ProducerRecord<byte[], byte[]> serialize(Output output, KafkaSinkContext context, Long timestamp) {
      return new ProducerRecord<>(output.topic, output.key, output.value);
    }
  }
}
