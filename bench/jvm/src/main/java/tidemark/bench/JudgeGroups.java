package tidemark.bench;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The windows of each group, and the rule. Not a window operator: an alert also ends for want of windows, and each
 * window is judged by those before.
 */
final class JudgeGroups extends KeyedProcessFunction<Group, Partial, Output> {
  private final Options options;
  private transient OutputWriter writer;
  /** By start of the window. */
  private transient MapState<Long, Sums> open;
  private transient ValueState<Judging> judging;

  JudgeGroups(Options options) {
    this.options = options;
  }

  @Override
  public void open(OpenContext context) {
    writer = new OutputWriter(options);
    open = getRuntimeContext().getMapState(new MapStateDescriptor<>("open", Long.class, Sums.class));
    judging = getRuntimeContext().getState(new ValueStateDescriptor<>("judging", Judging.class));
  }

  @Override
  public void processElement(Partial partial, Context context, Collector<Output> out) throws Exception {
    var sums = open.get(partial.start);
    if (sums == null) {
      sums = new Sums();
      wakeAt(partial.start + Windows.LENGTH, context);
    }
    sums.add(partial.sums);
    open.put(partial.start, sums);
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<Output> out) throws Exception {
    long end = timestamp + 1;
    // A bounded source ends with the watermark of all times: no alert ends by that.
    if (end > options.lastWindow()) return;
    var group = context.getCurrentKey();
    var sums = open.get(end - Windows.LENGTH);
    if (sums != null) {
      open.remove(end - Windows.LENGTH);
      out.collect(writer.window(group, end, sums));
    }
    var rule = judging.value();
    if (rule == null) rule = new Judging();
    var state = rule.judge(end, sums);
    if (state != null) out.collect(writer.alert(group, end, state, sums));
    if (rule.isFiring) wakeAt(rule.givenUpAt(), context);
    judging.update(rule);
  }

  /** When windows with this end are closed. */
  private static void wakeAt(long end, Context context) {
    context.timerService().registerEventTimeTimer(end - 1);
  }
}
