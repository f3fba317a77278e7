import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFactory } from '../pipeline/aggregate/aggregate.js';
import { evaluateFactory } from '../pipeline/evaluate/evaluate.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import { seriesText } from '../pipeline/model/text.js';
import { recompile } from '../pipeline/sla/compile.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import { metricDecoding, readPartialBatch } from '../pipeline/stage/decoding.js';
import { StageDriver } from '../pipeline/stage/driver.js';
import type { Produced, StageFactory } from '../pipeline/stage/stage.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import type { LogRecord } from '../platform/log/event-log.js';

const codec = embeddedCodec();
const PARTITIONS = 2;
const EPOCH = 1_700_000_000_000;

const rules = recompile(
  'sla.yaml',
  `version: 1
defaults: { by: [route], window: 10s }
slas:
  - alert: Slow
    when: mean_latency > 150ms
    for: 10s
  - alert: Slower
    when: mean_latency > 1.2 * baseline
    baseline: { windows: 4, min_windows: 2, max_age: 1m }
    context: [request_rate]
    keep_firing_for: 20s
    no_data_for: 30s
  - alert: Failing
    when: error_ratio > 10%
    window: 15s
    grace: 5s
`,
);

interface Event {
  readonly partition: number;
  readonly record: LogRecord;
}

const value = (produced: Produced): Buffer => codec.encode(produced.record.type, produced.record.value);

/** A log of two routes with statuses, scraped every 5 s, with restarts, doubles, gaps and junk. */
const logs = fc
  .array(
    fc.record({
      step: fc.constantFrom(5000, 5000, 5000, 15_000, 400_000),
      increments: fc.array(fc.tuple(fc.nat(9), fc.double({ min: 0, max: 0.5, noNaN: true })), {
        minLength: 4,
        maxLength: 4,
      }),
      reset: fc.constantFrom(false, false, false, true),
      trouble: fc.constantFrom('none', 'none', 'none', 'repeat', 'old', 'junk', 'future', 'absent', 'behind'),
    }),
    { minLength: 20, maxLength: 80 },
  )
  .map((polls) => {
    const series = ['/a', '/b'].flatMap((route) => ['200', '500'].map((status) => ({ route, status })));
    const totals = series.map(() => ({ count: 0, sum: 0 }));
    const log: Event[] = [];
    let t = EPOCH;
    const metric = (i: number, at: number): void => {
      const labels = series[i] as Record<string, string>;
      const name = 'http_request_duration_seconds';
      const key = seriesText(name, labels);
      const record = {
        timestamp: at,
        startTimestamp: null,
        ...(totals[i] ?? { count: 0, sum: 0 }),
        buckets: [],
        type: 'cumulative' as const,
        name,
        labels,
      };
      const partition = partitionOf(key, PARTITIONS);
      log.push({ partition, record: { key: Buffer.from(key), value: codec.encode('MetricRecord', record) } });
    };
    const watermark = (at: number, source = 'spout'): void => {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const record = codec.encode('Watermark', { timestamp: at, source, partitions: PARTITIONS });
        log.push({ partition, record: { key: null, value: record } });
      }
    };
    watermark(t);
    for (const { step, increments, reset, trouble } of polls) {
      t += step;
      for (const [i, total] of totals.entries()) {
        const [count, mean] = increments[i] ?? [0, 0];
        if (reset) Object.assign(total, { count: 0, sum: 0 });
        total.count += count;
        total.sum += count * mean;
        if (!(trouble === 'absent' && i % 2 === 0)) metric(i, t);
      }
      if (trouble === 'repeat') metric(0, t);
      if (trouble === 'old') metric(1, t - 7000);
      if (trouble === 'future') metric(2, t + 3_600_000);
      if (trouble === 'junk') log.push({ partition: 0, record: { key: null, value: Buffer.from('junk') } });
      // Another source that restarts an hour behind.
      if (trouble === 'behind') watermark(t - 3_600_000, 'other');
      watermark(t);
    }
    return log;
  });

interface Plan {
  /** Records pushed together. */
  readonly batch: number;
  /** After so many batches the stage is thrown away, and begins again from its last checkpoint; 0: never. */
  readonly crashEvery: number;
}

const factories = (warnings: string[]): { aggregate: StageFactory; evaluate: StageFactory } => ({
  aggregate: aggregateFactory({ decoding: () => metricDecoding(codec), compile: () => rules, targets: 2 }),
  evaluate: evaluateFactory({
    read: readPartialBatch(codec),
    compile: () => rules,
    expand: expandTemplate,
    warn: (message) => warnings.push(message),
  }),
});

function run(
  factory: StageFactory,
  partition: number,
  records: readonly LogRecord[],
  plan: Plan,
): Produced[] {
  const checkpointEvery = plan.crashEvery > 0 ? 20_000 : null;
  const driver = new StageDriver({ factory, partition, rules, checkpointEvery });
  const produced: Produced[] = [];
  for (let at = 0, n = 1; at < records.length; at += plan.batch, n++) {
    for (const record of records.slice(at, at + plan.batch)) driver.append(record);
    produced.push(...driver.run());
    if (plan.crashEvery > 0 && n % plan.crashEvery === 0) driver.crash();
  }
  return produced;
}

/** All that comes out, per topic and partition, as bytes. `order` says from which source the next partial comes. */
function outputs(log: readonly Event[], plan: Plan, order: (n: number) => number): Record<string, string[]> {
  const warnings: string[] = [];
  const { aggregate, evaluate } = factories(warnings);
  const out: Record<string, string[]> = {};
  const note = (produced: Produced): void => {
    const place = `${produced.topic}/${produced.topic === 'dead-letter' ? `${produced.key.split('-').slice(0, 2)}` : produced.partition}`;
    out[place] ??= [];
    out[place].push(value(produced).toString('hex'));
  };
  const partials: LogRecord[][][] = [];
  for (let p = 0; p < PARTITIONS; p++) {
    const records = log.filter(({ partition }) => partition === p).map(({ record }) => record);
    const produced = run(aggregate, p, records, plan);
    partials.push([[], []]);
    for (const one of produced) {
      if (one.topic === 'partials') partials[p]?.[one.partition]?.push({ key: null, value: value(one) });
      note(one);
    }
  }
  for (let target = 0; target < 2; target++) {
    const queues = partials.map((bySource) => [...(bySource[target] ?? [])]);
    const merged: LogRecord[] = [];
    for (let n = 0; queues.some((queue) => queue.length > 0); n++) {
      const queue = queues[order(n) % queues.length];
      const next = queue?.shift() ?? queues.find((one) => one.length > 0)?.shift();
      if (next) merged.push(next);
    }
    for (const one of run(evaluate, target, merged, plan)) note(one);
  }
  expect(warnings).toEqual([]);
  return out;
}

describe('topology', () => {
  test('gives the same bytes for any batches, crashes and interleaving', () => {
    let alerts = 0;
    fc.assert(
      fc.property(
        logs,
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(1), { minLength: 1 }),
        (log, crashEvery, order) => {
          const plain = outputs(log, { batch: 1000, crashEvery: 0 }, (n) => n);
          const seven = outputs(log, { batch: 7, crashEvery }, (n) => order[n % order.length] ?? 0);
          const single = outputs(log, { batch: 1, crashEvery: crashEvery * 3 }, () => 1);
          expect(seven).toEqual(plain);
          expect(single).toEqual(plain);
          alerts += (plain['alerts/0']?.length ?? 0) + (plain['alerts/1']?.length ?? 0);
        },
      ),
      { numRuns: 60 },
    );
    expect(alerts).toBeGreaterThan(100);
  });
});
