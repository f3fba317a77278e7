package tidemark.bench;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The windows of the groups of a partition, and the rule. A window is closed once each partition of the input says so.
 * What the stores hold is kept as objects beside them.
 */
final class JudgeClosed implements Processor<Integer, Closed, byte[], byte[]> {
  private final Options options;
  private final int partitions;
  /** Takes, by partition, the offset of the record that closed the last window. */
  private final Map<Integer, Long> finals;
  /** By partition of the input. */
  private final Map<Integer, Long> watermarks = new HashMap<>();
  /** By start of the window. */
  private final TreeMap<Long, Map<Group, Sums>> open = new TreeMap<>();
  private final Map<Group, Judging> judgings = new HashMap<>();
  private ProcessorContext<byte[], byte[]> context;
  private KeyValueStore<Integer, Long> savedWatermarks;
  private KeyValueStore<Long, Collection<Partial>> savedOpen;
  private KeyValueStore<Group, Judging> savedJudgings;
  private OutputWriter writer;

  JudgeClosed(Options options, int partitions, Map<Integer, Long> finals) {
    this.options = options;
    this.partitions = partitions;
    this.finals = finals;
  }

  /** Also where a task is revived, with this very object: then what it held was of a transaction that failed. */
  @Override
  public void init(ProcessorContext<byte[], byte[]> context) {
    watermarks.clear();
    open.clear();
    judgings.clear();
    this.context = context;
    writer = new OutputWriter(options);
    savedWatermarks = context.getStateStore(StreamsJob.WATERMARKS);
    savedOpen = context.getStateStore(StreamsJob.OPEN);
    savedJudgings = context.getStateStore(StreamsJob.JUDGINGS);
    try (var saved = savedWatermarks.all()) {
      saved.forEachRemaining(one -> watermarks.put(one.key, one.value));
    }
    try (var saved = savedOpen.all()) {
      saved.forEachRemaining(one -> one.value.forEach(this::add));
    }
    try (var saved = savedJudgings.all()) {
      saved.forEachRemaining(one -> judgings.put(one.key, one.value));
    }
  }

  @Override
  public void process(Record<Integer, Closed> record) {
    var closed = record.value();
    closed.partials().forEach(this::add);
    closed.partials().stream().map(partial -> partial.start).distinct().forEach(this::saveOpen);
    watermarks.put(closed.source(), closed.watermark());
    savedWatermarks.put(closed.source(), closed.watermark());
    if (watermarks.size() < partitions) return;
    long watermark = watermarks.values().stream().min(Long::compare).orElseThrow();
    for (long end = nextEnd(); end <= watermark; end = nextEnd()) close(end);
    if (watermark >= options.lastWindow()) {
      finals.putIfAbsent(context.taskId().partition(), context.recordMetadata().orElseThrow().offset());
      context.commit();
    }
  }

  private void add(Partial partial) {
    open.computeIfAbsent(partial.start, start -> new HashMap<>())
        .computeIfAbsent(partial.group, group -> new Sums()).add(partial.sums);
  }

  private void saveOpen(long start) {
    savedOpen.put(start, open.get(start).entrySet().stream()
        .map(one -> new Partial(one.getKey(), start, one.getValue())).toList());
  }

  /** End of the next window that has data, or at which an alert may end for want of them. */
  private long nextEnd() {
    long next = open.isEmpty() ? Long.MAX_VALUE : open.firstKey() + Windows.LENGTH;
    for (var judging : judgings.values()) {
      if (judging.isFiring) next = Math.min(next, judging.givenUpAt());
    }
    return next;
  }

  private void close(long end) {
    long start = end - Windows.LENGTH;
    var sums = open.remove(start);
    Map<Group, Sums> windows = sums == null ? Map.of() : sums;
    if (sums != null) savedOpen.delete(start);
    windows.forEach((group, window) -> write(writer.window(group, end, window)));
    Set<Group> groups = new HashSet<>(windows.keySet());
    judgings.forEach((group, judging) -> {
      if (judging.isFiring) groups.add(group);
    });
    for (var group : groups) {
      var window = windows.get(group);
      var judging = judgings.computeIfAbsent(group, key -> new Judging());
      var state = judging.judge(end, window);
      if (state != null) write(writer.alert(group, end, state, window));
      savedJudgings.put(group, judging);
    }
  }

  /** A record needs a time; the topic keeps that of the broker in its place. */
  private void write(Output output) {
    context.forward(new Record<>(output.key, output.value, context.currentSystemTimeMs()), output.topic);
  }
}
