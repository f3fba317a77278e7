import { Counter, Gauge, type Registry } from 'prom-client';
import { type Aggregate, type AggregateOptions, aggregateFactory } from '../pipeline/aggregate/aggregate.js';
import { type Evaluate, evaluateFactory } from '../pipeline/evaluate/evaluate.js';
import { classes } from '../pipeline/model/block.js';
import { recompile } from '../pipeline/sla/compile.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import { metricDecoding, readPartialBatch } from '../pipeline/stage/decoding.js';
import type { RuleSource } from '../pipeline/stage/rule-source.js';
import { runPartition } from '../pipeline/stage/run-partition.js';
import type { StageFactory } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import type { EventLog, Membership } from '../platform/log/event-log.js';
import { WindowMetrics } from './window-metrics.js';

export interface PipelineOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly rules: RuleSource;
  readonly registry: Registry;
  /** Number of partitions of `partials`. */
  readonly targets: number;
  /** Event time between two checkpoints, ms. */
  readonly checkpointEvery: number;
  /** And by the clock, ms. */
  readonly checkpointApart?: number;
  /** Of a partition of `metrics`; the usual ones without. */
  readonly limits?: Limits;
  readonly warn: (message: string) => void;
  /** Told which partitions come and go. */
  readonly say?: (message: string) => void;
  /** Resolves after so many ms, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A stage cannot go on: the process has to end. */
  readonly onFatal: (error: unknown) => void;
}

export interface RunningPipeline {
  /** Whether the groups of both stages count on this process. */
  readonly member: boolean;
  /** Gives the partitions back, and waits for what is under way. */
  stop(): Promise<void>;
}

/** How many series a partition holds, and how many groups a selection does there. */
export type Limits = Pick<AggregateOptions, 'maxSeries' | 'maxGroups'>;

const limitsOf = ({ limits: { maxSeries, maxGroups } = {} }: PipelineOptions): Limits => ({
  ...(maxSeries === undefined ? {} : { maxSeries }),
  ...(maxGroups === undefined ? {} : { maxGroups }),
});

/** Runs both stages on all partitions that this process is given. */
export async function runPipeline(options: PipelineOptions): Promise<RunningPipeline> {
  const { codec, registry, rules, targets } = options;
  const warnings = new Counter({
    name: 'tidemark_warnings_total',
    help: 'Warnings of the stages: unreadable states, gaps, retries',
    registers: [registry],
  });
  const warn = (message: string): void => {
    warnings.inc();
    options.warn(message);
  };
  const decoding = metricDecoding(codec);
  const aggregates = new Map<number, Aggregate>();
  const evaluates = new Map<number, Evaluate>();
  exposeStages(registry, aggregates, evaluates);
  let member = (): boolean => false;
  const windows = new WindowMetrics({
    ...{ registry, live: evaluates },
    rules: rules.current,
    member: () => member(),
  });
  const aggregate = aggregateFactory({
    decoding: () => decoding,
    compile: recompile,
    targets,
    warn,
    ...limitsOf(options),
  });
  const evaluate = evaluateFactory({
    read: readPartialBatch(codec),
    compile: recompile,
    expand: expandTemplate,
    warn,
    observe: (partition, judgements) => windows.observe(partition, judgements),
  });
  // Side by side: a broker may hold each new group back for seconds.
  const stages = await allOrNone([
    runStage({ ...options, warn }, aggregate, aggregates),
    runStage({ ...options, warn }, evaluate, evaluates),
  ]);
  member = () => stages[1].membership.member;
  return {
    get member() {
      return stages.every(({ membership }) => membership.member);
    },
    stop: async () => {
      for (const { stop } of stages) await stop();
    },
  };
}

/** Where one cannot be started, the others are stopped again. */
async function allOrNone<T extends { readonly stop: () => Promise<void> }>(
  starting: readonly [Promise<T>, Promise<T>],
): Promise<readonly [T, T]> {
  try {
    return await Promise.all(starting);
  } catch (error) {
    for (const started of await Promise.allSettled(starting))
      if (started.status === 'fulfilled') await started.value.stop();
    throw error;
  }
}

async function runStage<S extends Aggregate | Evaluate>(
  options: PipelineOptions,
  factory: StageFactory<S>,
  live: Map<number, S>,
): Promise<{ readonly membership: Membership; readonly stop: () => Promise<void> }> {
  const { log, codec, rules, say = () => undefined, warn, pause, onFatal } = options;
  const running = new Set<Promise<void>>();
  const membership = await log.join(factory.name, factory.topic, (owned) => {
    const place = `${factory.name} of ${owned.topic}/${owned.partition}`;
    say(`${place} is taken over`);
    let mine: S | null = null;
    // At once, not when what is under way has ended: it is another's now, which may be this process again.
    const drop = (): void => {
      if (live.get(owned.partition) === mine) live.delete(owned.partition);
      mine = null;
    };
    owned.lost.addEventListener('abort', drop, { once: true });
    const run = runPartition(owned, {
      factory,
      codec,
      rules,
      warn,
      clock: () => performance.now(),
      pause,
      checkpointEvery: options.checkpointEvery,
      ...(options.checkpointApart === undefined ? {} : { checkpointApart: options.checkpointApart }),
      onStage: (partition, stage) => {
        drop();
        if (stage === null || owned.lost.aborted) return;
        mine = stage as S;
        live.set(partition, mine);
      },
    }).catch(onFatal);
    running.add(run);
    void run.finally(() => {
      running.delete(run);
      say(`${place} is given up`);
    });
  });
  return {
    membership,
    stop: async () => {
      await membership.leave();
      await Promise.all(running);
    },
  };
}

function exposeStages(
  registry: Registry,
  aggregates: ReadonlyMap<number, Aggregate>,
  evaluates: ReadonlyMap<number, Evaluate>,
): void {
  const registers = [registry];
  new Gauge({
    name: 'tidemark_records',
    help: 'Metric records since the log began, by what became of them',
    labelNames: ['partition', 'class'],
    registers,
    collect() {
      this.reset();
      for (const [partition, { account }] of aggregates) {
        for (const [i, name] of classes.entries())
          this.set({ partition, class: name }, account.totals[i] ?? 0);
      }
    },
  });
  new Gauge({
    name: 'tidemark_records_in',
    help: 'Metric records since the log began; the sum over all classes',
    labelNames: ['partition'],
    registers,
    collect() {
      this.reset();
      for (const [partition, { account }] of aggregates)
        this.set(
          { partition },
          account.totals.reduce((a, b) => a + b, 0),
        );
    },
  });
  new Gauge({
    name: 'tidemark_series',
    help: 'Series with state',
    labelNames: ['partition'],
    registers,
    collect() {
      this.reset();
      for (const [partition, { seriesCount }] of aggregates) this.set({ partition }, seriesCount);
    },
  });
  new Gauge({
    name: 'tidemark_refused_labels',
    help: 'Records among the bad ones whose labels are beyond the limits, since the log began',
    labelNames: ['partition'],
    registers,
    collect() {
      this.reset();
      for (const [partition, { account }] of aggregates) this.set({ partition }, account.refused);
    },
  });
  new Gauge({
    name: 'tidemark_groups',
    help: 'Groups that have a place, by selection',
    labelNames: ['partition', 'selection'],
    registers,
    collect() {
      this.reset();
      for (const [partition, { groups }] of aggregates)
        for (const one of groups) this.set({ partition, selection: one.selection }, one.groups);
    },
  });
  new Gauge({
    name: 'tidemark_group_overflow_samples',
    help: 'Samples that count in the overflow group for want of a place, since the selection began',
    labelNames: ['partition', 'selection'],
    registers,
    collect() {
      this.reset();
      for (const [partition, { groups }] of aggregates)
        for (const one of groups) this.set({ partition, selection: one.selection }, one.overflowSamples);
    },
  });
  new Gauge({
    name: 'tidemark_watermark_timestamp_seconds',
    help: 'Event time that a stage has reached',
    labelNames: ['stage', 'partition'],
    registers,
    collect() {
      this.reset();
      for (const [stage, live] of [
        ['aggregate', aggregates],
        ['evaluate', evaluates],
      ] as const) {
        for (const [partition, { watermark }] of live)
          if (Number.isFinite(watermark)) this.set({ stage, partition }, watermark / 1000);
      }
    },
  });
  new Gauge({
    name: 'tidemark_alerts_active',
    help: 'Alerts that are pending or firing, by rule',
    labelNames: ['alert', 'partition'],
    registers,
    collect() {
      this.reset();
      for (const [partition, { active }] of evaluates)
        for (const one of active) this.set({ alert: one.alert, partition }, one.active);
    },
  });
}
