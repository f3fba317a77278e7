import { Registry } from 'prom-client';
import { pause } from '../cli/pause.js';
import { runPipeline } from '../cli/pipeline.js';
import { topicSpecs } from '../cli/topics.js';
import { recompile } from '../pipeline/sla/compile.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { topics } from '../pipeline/stage/stage.js';
import type { EventLog, LogRecord } from '../platform/log/event-log.js';
import { type Counted, Meter } from './cost.js';
import { type EngineOptions, WARM_UP } from './engine-alone.js';
import { entries, LOOK_EVERY_MS, type OpenLog, refuseUsed } from './logs.js';
import { statusBytes } from './memory.js';
import { type Outcome, Outputs } from './outputs.js';
import { PARTITIONS, Workload, type WorkloadOptions } from './workload.js';

const RETENTION_MS = 86_400_000;
/** So many scrapes are appended at once. */
const SCRAPES_AT_ONCE = 20;
/** The windows of a partition that close at one time are fewer. */
const LAST_WINDOWS = 1_000;

export interface OverLogResult extends Outcome {
  /** From a cold process: with the start of the stages and their warm-up. */
  readonly cold: Counted;
  /** Without as many records as count as warm-up. */
  readonly warm: Counted;
  /** From the start of the stages until the first window was appended, s. */
  readonly firstOutput: number;
  /** Greatest resident set of the process until all was evaluated, bytes: with the pages of the log that it has mapped. */
  readonly peakRss: number;
  /** Of what is resident then: the process's own memory, bytes; null where the system does not say. */
  readonly ownRss: number | null;
}

/** Writes the whole workload into a new log. */
export async function fillLog({ log, codec, close }: OpenLog, options: WorkloadOptions): Promise<void> {
  const workload = new Workload(codec, options);
  await log.createTopics(topicSpecs(RETENTION_MS));
  await refuseUsed(log);
  const waiting: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  const append = async (): Promise<void> => {
    for (const [partition, records] of waiting.entries()) {
      await log.append({ topic: topics.metrics, partition, records: records.splice(0) });
    }
  };
  for (let scrape = 1, parts = workload.next(); parts !== null; parts = workload.next(), scrape++) {
    for (const { partition, records } of parts) waiting[partition]?.push(...records);
    if (scrape % SCRAPES_AT_ONCE === 0) await append();
  }
  await append();
  await close();
}

/** Both stages over a log that is full, from its begin to the last window. */
export async function runOverLog(
  { log, codec, close }: OpenLog,
  options: EngineOptions,
): Promise<OverLogResult> {
  const { closing, lastWindow, records } = new Workload(codec, options);
  const registry = new Registry();
  const failed = new AbortController();
  const cold = new Meter();
  const warm = new Meter();
  let before = 0;
  const started = Date.now();
  const pipeline = await runPipeline({
    log,
    codec,
    rules: unchanging(recompile('sla.yaml', options.sla)),
    registry,
    targets: PARTITIONS,
    checkpointEvery: 5 * 60_000,
    warn: (message) => failed.abort(new Error(message)),
    pause,
    onFatal: (error) => failed.abort(error),
  });
  while ((await reached(registry)) < closing) {
    failed.signal.throwIfAborted();
    await pause(LOOK_EVERY_MS, failed.signal);
    const taken = before === 0 ? await recordsIn(registry) : 0;
    if (taken >= records * WARM_UP) {
      before = taken;
      warm.start();
    }
  }
  await committed({ log, codec }, lastWindow);
  cold.stop();
  warm.stop();
  // Before all that was written is read back, which takes memory too.
  const rss = { peakRss: process.resourceUsage().maxRSS * 1024, ownRss: statusBytes('self', 'RssAnon') };
  await pipeline.stop();
  const { firstAt, ...outcome } = await readOutcome(log);
  await close();
  return {
    ...outcome,
    ...rss,
    firstOutput: (firstAt - started) / 1e3,
    cold: { ...(await cold.cost()), records },
    warm: { ...(await warm.cost()), records: records - before },
  };
}

async function recordsIn(registry: Registry): Promise<number> {
  const metric = await registry.getSingleMetric('tidemark_records_in')?.get();
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
}

/** The least event time that *evaluate* has reached, ms; -Infinity while a partition has none. */
async function reached(registry: Registry): Promise<number> {
  const metric = await registry.getSingleMetric('tidemark_watermark_timestamp_seconds')?.get();
  const stages = metric?.values.filter(({ labels }) => labels.stage === 'evaluate') ?? [];
  if (stages.length < PARTITIONS) return Number.NEGATIVE_INFINITY;
  return Math.round(Math.min(...stages.map(({ value }) => value)) * 1000);
}

/** What was evaluated is in the log a little later: waits for the windows of that end in every partition. */
async function committed({ log, codec }: Pick<OpenLog, 'log' | 'codec'>, lastWindow: number): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { end } = await log.range(topics.windows, partition);
    const reader = log.read(topics.windows, partition, Math.max(0, end - LAST_WINDOWS));
    for (let there = false; !there; ) {
      const batch = await reader.pull({ waitMs: LOOK_EVERY_MS });
      while (batch?.advance()) {
        const { type, value } = codec.decode(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
        there ||= type === 'WindowRecord' && value.end >= lastWindow;
      }
    }
    await reader.close();
  }
}

async function readOutcome(log: EventLog): Promise<Outcome & { readonly firstAt: number }> {
  let firstAt = Number.POSITIVE_INFINITY;
  const outputs = new Outputs();
  for (const topic of [topics.windows, topics.alerts]) {
    for await (const { partition, value, appendedAt } of entries(log, topic)) {
      firstAt = Math.min(firstAt, appendedAt);
      outputs.add(topic, partition, value);
    }
  }
  return { ...outputs.finish(), firstAt };
}
