package tidemark.bench;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Increases of each series, added up by group and window before anything is shuffled. An operator of its own, as only
 * those can send what a watermark closes ahead of it.
 *
 * <p>Its state is the operator's, not keyed, since the records of a series are where their partition is read. After a
 * restart a partition may be read elsewhere: so everybody takes up all series, the newest sample of each. Sums may be
 * taken up by anybody.
 */
final class PartialSums extends AbstractStreamOperator<Partial> implements OneInputStreamOperator<Metric, Partial> {
  /** A series: its last sample, and its group with the windows that are open. */
  private record Grouped(Group group, Sample sample, OpenWindows windows) {}

  /** A series in a checkpoint. */
  public static final class Saved {
    public byte[] key;
    public Group group;
    public Sample sample;

    public Saved() {}

    Saved(byte[] key, Group group, Sample sample) {
      this.key = key;
      this.group = group;
      this.sample = sample;
    }
  }

  private final String registry;
  private transient MetricReader reader;
  private transient Map<Key, Grouped> series;
  private transient Map<Group, OpenWindows> groups;
  private transient ListState<Saved> savedSeries;
  private transient ListState<Partial> savedSums;
  /** Ends of windows up to here are closed. */
  private transient long watermark;

  PartialSums(String registry) {
    this.registry = registry;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    reader = new MetricReader(new Registry(registry));
    series = new HashMap<>();
    groups = new HashMap<>();
    watermark = Long.MIN_VALUE;
    var store = context.getOperatorStateStore();
    savedSeries = store.getUnionListState(new ListStateDescriptor<>("series", Saved.class));
    savedSums = store.getListState(new ListStateDescriptor<>("sums", Partial.class));
    for (var one : savedSeries.get()) {
      series.merge(new Key(one.key), new Grouped(one.group, one.sample, windowsOf(one.group)),
          (a, b) -> a.sample.timestamp < b.sample.timestamp ? b : a);
    }
    for (var one : savedSums.get()) windowsOf(one.group).at(one.start).add(one.sums);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    series.values().removeIf(one -> one.sample.isForgottenAt(watermark));
    savedSeries.clear();
    for (var entry : series.entrySet()) {
      var one = entry.getValue();
      savedSeries.add(new Saved(entry.getKey().bytes(), one.group, one.sample));
    }
    savedSums.clear();
    for (var group : groups.entrySet()) {
      for (var window : group.getValue().open()) {
        savedSums.add(new Partial(group.getKey(), window.getKey(), window.getValue()));
      }
    }
  }

  @Override
  public void processElement(StreamRecord<Metric> record) {
    var metric = record.getValue();
    if (metric.isWatermark) return;
    var key = new Key(metric.key);
    var one = series.get(key);
    if (one == null) {
      var group = reader.group(metric);
      one = new Grouped(group, new Sample(), windowsOf(group));
      series.put(key, one);
    }
    one.sample.follow(metric, one.windows);
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    // The end of a bounded source is no promise: what has not got all its samples stays open.
    if (!mark.equals(Watermark.MAX_WATERMARK)) closeUntil(mark.getTimestamp() + 1);
    super.processWatermark(mark);
  }

  private void closeUntil(long promised) {
    boolean closesAny = Windows.startOf(promised) > watermark;
    watermark = promised;
    if (!closesAny) return;
    groups.forEach((group, windows) ->
        windows.close(watermark, (sums, start) ->
            output.collect(new StreamRecord<>(new Partial(group, start, sums)))));
  }

  private OpenWindows windowsOf(Group group) {
    return groups.computeIfAbsent(group, key -> new OpenWindows(watermark));
  }
}
