import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTopology, type Topology } from '../../cli/testing.js';
import type { WindowRecord } from '../../schemas/types.js';
import { alertsInOrder, type Expected, model, windowsInOrder } from './expected.js';
import { type Log, logs } from './logs.js';
import type { Seen } from './records.js';
import { rules } from './rules.js';
import { judged } from './selections.js';
import { FILE, slaOf } from './sla.js';

/** More of them, with a seed of their own: PROPERTY_RUNS=20000 npx vitest run test/conservation */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 0);
const bounds = RUNS > 0 ? { numRuns: RUNS } : { numRuns: 250, seed: 20_261_124 };

/** Where batches are cut and stages are killed: after so many records each. */
interface Plan {
  readonly cuts: readonly { readonly records: number; readonly all: boolean; readonly crash: boolean }[];
  readonly checkpointEvery: number;
  readonly outputs: number;
}
const plans: fc.Arbitrary<Plan> = fc.record({
  cuts: fc.array(
    fc.record({
      records: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 200 })),
      all: fc.boolean(),
      crash: fc.nat(3).map((n) => n === 0),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  checkpointEvery: fc.constantFrom(0, 20_000, 300_000, 10_000_000),
  outputs: fc.constantFrom(1, 3),
});

function engine(log: Log, { cuts, checkpointEvery, outputs }: Plan): Topology {
  const { partitions, maxSeries, maxGroups, entries } = log;
  const limits = { maxSeries, maxGroups };
  const stages = { partitions, outputs, checkpointEvery, ...limits };
  const topology = createTopology({ sla: slaOf(log), file: FILE, ...stages });
  let at = 0;
  let left = cuts[0]?.records ?? 1;
  for (const entry of entries) {
    const { partition } = entry;
    if (entry.kind === 'mark') topology.watermark(entry.source, entry.timestamp, partition);
    else if (entry.kind === 'junk') topology.raw({ partition, value: entry.bytes });
    else if (entry.kind === 'passed') topology.raw({ partition, value: entry.bytes });
    else {
      const { name, labels, t: timestamp, start: startTimestamp, count, sum, buckets, gauge } = entry;
      if (gauge) topology.gauge({ partition, name, labels, timestamp, value: sum });
      else topology.metric({ partition, name, labels, timestamp, startTimestamp, count, sum, buckets });
    }
    if (--left > 0) continue;
    topology.flush(cuts[at]?.all ? undefined : partition);
    if (cuts[at]?.crash) topology.crash();
    at = (at + 1) % cuts.length;
    left = cuts[at]?.records ?? 1;
  }
  return topology;
}

const cases = [
  ...[
    'unselected',
    'skewed',
    'bad',
    'duplicate',
    'superseded',
    'out_of_order',
    'overflow',
    'late',
    'aggregated',
  ],
  'late for several windows',
  'more dead letters than are written',
  'a source that fell behind',
  'a watermark that stands still',
  'a source that would turn the watermark back',
  'a partition without series',
  'a forgotten series',
  'a series that is let in where another was forgotten',
  'a group without a place',
  'a group that finds a place later',
  'labels beyond the limits',
  'a gap longer than the lookback',
  'a first sample that says nothing',
  'a birth',
  'a reset',
  'a reset with a known start',
  'a small fall that is no reset',
  'no growth',
  'an increase within a window',
  'an increase over several windows',
  'pending ',
  'firing ',
  'inactive recovered',
  'inactive no_data',
  'resolved recovered',
  'resolved no_data',
  'resolved baseline expired',
  'judged by a baseline that is held',
  'data that cannot be judged',
  'active where nothing is covered',
  'keeps firing',
  'buckets that fall from bound to bound',
  'bounds that do not rise',
  'a reset that only a bucket tells',
  'bounds that are not shared',
  'buckets that do not tell',
  'a quantile beyond the last bound',
  'a value',
  'a value below 0',
  'active while a session is open',
  'one that is false beside one that is not judged',
  'not cleared',
  'cleared',
  'an alert for want of data',
  'a silence that is ignored',
  'over for want of data',
  'judged by a baseline with an offset',
  'judged by a median',
  'judged by a deviation',
  'a budget that cannot be judged',
  'burned by a rate that is not the first',
  'burned critical',
  'burned warning',
  ...rules.map(({ name }) => `${name} firing`),
  // Logs are hours long, so what looks back as far rarely changes again.
  ...rules
    .filter(({ selection: { window, gap } }) => gap !== undefined || window < 3_600_000)
    .map(({ name }) => `${name} resolved`),
  ...rules.map(({ measure }) => `judged by ${measure}`),
];

describe('over any log, batches and crashes', () => {
  test('windows, alerts, dead letters and classes are those of a model written from the text, and nothing is unaccounted for', () => {
    const seen: Seen = new Map();
    const check = (log: Log, plan: Plan): void => {
      const expected = model(log, seen);
      const topology = engine(log, plan);
      const windows = windowsInOrder(expected.windows);
      const alerts = alertsInOrder(expected.alerts);
      const sorted = plan.outputs > 1;
      expect(sorted ? windowsInOrder(topology.windows()) : topology.windows()).toEqual(windows);
      expect(sorted ? alertsInOrder(topology.alerts()) : topology.alerts()).toEqual(alerts);
      const told = /cannot be told from its buckets|__overflow__|beyond the limits/;
      expect(topology.warnings().filter((warning) => !told.test(warning))).toEqual([]);
      for (const [partition, one] of expected.partitions.entries()) {
        const letters = topology.deadLetters().filter((letter) => letter.partition === partition);
        const brief = letters.map(({ reason, offset, records, windows }) => ({
          reason,
          offset,
          records,
          windows,
        }));
        expect(brief).toEqual(one.letters);
      }
      const account = topology.account();
      const total = (name: string): number =>
        expected.partitions.reduce((sum, one) => sum + (one.account[name] ?? 0), 0);
      for (const [name, count] of Object.entries(account))
        expect(`${count} ${name}`).toBe(`${total(name)} ${name}`);
      const records = log.entries.filter(({ kind }) => kind === 'sample' || kind === 'junk').length;
      expect(Object.values(account).reduce((sum, count) => sum + count, 0)).toBe(records);
      conserved(topology.windows(), expected.kept);
      const idle = expected.partitions.some((one) => one.splitting.groups.size === 0);
      if (idle && windows.length > 0) seen.set('a partition without series', 1);
    };
    fc.assert(fc.property(logs, plans, check), bounds);
    expect(cases.filter((one) => !seen.has(one))).toEqual([]);
  }, 3_600_000);
});

/** What windows add up to is what counters grew by, whatever it was split into. */
function conserved(windows: readonly WindowRecord[], kept: Expected['kept']): void {
  for (const [id, { count, sum }] of kept) {
    if (!judged.some((one) => one.id === id)) continue;
    const own = windows.filter(({ selection }) => selection === id);
    const near = (measured: number, expected: number): void =>
      expect(Math.abs(measured - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
    near(
      own.reduce((total, { requests }) => total + requests, 0),
      count,
    );
    near(
      own.reduce((total, { latencySum }) => total + latencySum, 0),
      sum,
    );
  }
}
