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
 * partition of groups.
 *
 * <p>What a sample costs is its entry in a store. So there is one: a series has its own part of the open windows beside
 * its last sample, under a number in place of its long key. What the stores hold is kept as objects beside them, so
 * that they are read only at the start.
 */
final class SumSeries implements Processor<byte[], byte[], Integer, Closed> {
  private record Known(int id, Group group, Series series) {}

  private final Options options;
  private final int partitions;
  private final Metric metric = new Metric();
  private final Map<Key, Known> known = new HashMap<>();
  private int nextId;
  /** Ends of windows up to here are closed. */
  private long watermark;
  private ProcessorContext<Integer, Closed> context;
  private KeyValueStore<Integer, Name> names;
  private KeyValueStore<Integer, Series> states;
  private MetricReader reader;

  SumSeries(Options options, int partitions) {
    this.options = options;
    this.partitions = partitions;
  }

  /** Also where a task is revived, with this very object: then what it held was of a transaction that failed. */
  @Override
  public void init(ProcessorContext<Integer, Closed> context) {
    Cost.begin();
    known.clear();
    nextId = 0;
    watermark = Long.MIN_VALUE;
    this.context = context;
    reader = new MetricReader(new Registry(options.registry()));
    names = context.getStateStore(StreamsJob.NAMES);
    states = context.getStateStore(StreamsJob.SERIES);
    try (var saved = names.all()) {
      saved.forEachRemaining(one -> {
        var series = states.get(one.key);
        known.put(new Key(one.value.key()), new Known(one.key, one.value.group(), series));
        nextId = Math.max(nextId, one.key + 1);
        watermark = Math.max(watermark, series.windows().closed());
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
    var key = new Key(metric.key);
    var one = known.get(key);
    if (one == null) {
      one = new Known(nextId++, reader.group(metric), new Series(new Sample(), new OpenWindows(watermark)));
      known.put(key, one);
      names.put(one.id, new Name(metric.key, one.group));
    }
    one.series.sample().follow(metric, one.series.windows());
    states.put(one.id, one.series);
  }

  private void close(long promised, Record<byte[], byte[]> record) {
    watermark = promised;
    int source = context.taskId().partition();
    var targets = new ArrayList<List<Partial>>();
    for (int i = 0; i < partitions; i++) targets.add(new ArrayList<>());
    sums().forEach((group, windows) -> windows.forEach((start, sums) ->
        targets.get(group.partition(partitions)).add(new Partial(group, start, sums))));
    for (int i = 0; i < partitions; i++) {
      context.forward(record.withKey(i).withValue(new Closed(source, watermark, targets.get(i))));
    }
    // Those who judge see it only then, and nothing else follows for which to wait.
    if (watermark >= options.lastWindow()) context.commit();
  }

  /** Those of the windows that are closed, by group and start; what was silent for too long is forgotten. */
  private Map<Group, Map<Long, Sums>> sums() {
    var sums = new HashMap<Group, Map<Long, Sums>>();
    known.values().removeIf(one -> {
      one.series.windows().close(watermark, (closed, start) ->
          sums.computeIfAbsent(one.group, group -> new HashMap<>())
              .computeIfAbsent(start, key -> new Sums()).add(closed));
      boolean isForgotten = one.series.sample().isForgottenAt(watermark);
      if (isForgotten) names.delete(one.id);
      states.put(one.id, isForgotten ? null : one.series);
      return isForgotten;
    });
    return sums;
  }
}
