package tidemark.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Increases of each series of a partition, by window; as a watermark closes windows, their sums by group, to each
 * partition of groups. A series has its windows beside its last sample, so that a sample changes one entry of one
 * store; the store is written alone, and what it holds is kept as objects beside it.
 */
final class SumSeries implements Processor<byte[], byte[], Integer, Closed> {
  /** A series that was silent for so long is forgotten, ms. */
  private static final long REMEMBERED_FOR = 3_600_000;

  private final Options options;
  private final int partitions;
  private final Metric metric = new Metric();
  private final Map<Key, Series> series = new HashMap<>();
  private ProcessorContext<Integer, Closed> context;
  private KeyValueStore<byte[], Series> store;
  private MetricReader reader;
  /** Ends of windows up to here are closed. */
  private long watermark = Long.MIN_VALUE;

  SumSeries(Options options, int partitions) {
    this.options = options;
    this.partitions = partitions;
  }

  @Override
  public void init(ProcessorContext<Integer, Closed> context) {
    Cost.begin();
    this.context = context;
    reader = new MetricReader(new Registry(options.registry()));
    store = context.getStateStore(StreamsJob.SERIES);
    try (var saved = store.all()) {
      saved.forEachRemaining(one -> {
        series.put(new Key(one.key), one.value);
        watermark = Math.max(watermark, one.value.windows().closed());
      });
    }
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    if (!reader.read(record.key(), record.value(), metric)) return;
    if (metric.isWatermark) {
      if (Windows.startOf(metric.timestamp) > watermark) close(metric.timestamp, record);
      return;
    }
    var key = new Key(record.key());
    var one = series.get(key);
    if (one == null) {
      one = new Series(new Sample(), new OpenWindows(reader.group(metric), watermark));
      series.put(key, one);
    }
    one.sample().follow(metric, one.windows());
    store.put(key.bytes(), one);
  }

  private void close(long promised, Record<byte[], byte[]> record) {
    watermark = promised;
    var sums = new HashMap<Group, Map<Long, Sums>>();
    var all = series.entrySet().iterator();
    while (all.hasNext()) {
      var entry = all.next();
      var one = entry.getValue();
      var windows = one.windows();
      windows.close(watermark, (closed, start) ->
          sums.computeIfAbsent(windows.group, key -> new HashMap<>())
              .computeIfAbsent(start, key -> new Sums()).add(closed));
      if (one.sample().timestamp < watermark - REMEMBERED_FOR) {
        all.remove();
        store.delete(entry.getKey().bytes());
      } else {
        store.put(entry.getKey().bytes(), one);
      }
    }
    List<List<Partial>> targets = new ArrayList<>();
    for (int i = 0; i < partitions; i++) targets.add(new ArrayList<>());
    sums.forEach((group, windows) -> windows.forEach((start, one) ->
        targets.get(group.partition(partitions)).add(new Partial(group, start, one))));
    int source = context.taskId().partition();
    for (int i = 0; i < partitions; i++) {
      context.forward(record.withKey(i).withValue(new Closed(source, watermark, targets.get(i))));
    }
  }
}
