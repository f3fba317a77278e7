import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTopology, type Topology } from '../../cli/testing.js';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { PartitionModel, type Seen, type Sums } from './counting.js';
import { judgeGroup, windowRecord } from './judging.js';
import { type Log, logs } from './logs.js';
import { FILE, type Labels, rules, SLA, selections, textOf } from './rules.js';

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

function engine({ partitions, maxSeries, maxGroups, entries }: Log, plan: Plan): Topology {
  const { cuts, checkpointEvery, outputs } = plan;
  const limits = { maxSeries, maxGroups };
  const topology = createTopology({ sla: SLA, file: FILE, partitions, outputs, checkpointEvery, ...limits });
  let at = 0;
  let left = cuts[0]?.records ?? 1;
  for (const entry of entries) {
    const { partition } = entry;
    if (entry.kind === 'mark') topology.watermark(entry.source, entry.timestamp, partition);
    else if (entry.kind === 'junk') topology.raw({ partition, value: entry.bytes });
    else if (entry.kind === 'passed') topology.raw({ partition, value: entry.bytes });
    else {
      const { name, labels, t: timestamp, start: startTimestamp, count, sum } = entry;
      topology.metric({ partition, name, labels, timestamp, startTimestamp, count, sum });
    }
    if (--left > 0) continue;
    topology.flush(cuts[at]?.all ? undefined : partition);
    if (cuts[at]?.crash) topology.crash();
    at = (at + 1) % cuts.length;
    left = cuts[at]?.records ?? 1;
  }
  return topology;
}

interface Expected {
  readonly partitions: readonly PartitionModel[];
  readonly windows: WindowRecord[];
  readonly alerts: AlertRecord[];
  /** By selection: all that counters grew by, less what was late and what lies in windows that are open. */
  readonly kept: Map<string, { count: number; sum: number }>;
}

function model({ partitions: n, maxSeries, maxGroups, entries }: Log, seen: Seen): Expected {
  const partitions = Array.from({ length: n }, () => new PartitionModel(maxSeries, maxGroups, seen));
  const offsets = partitions.map(() => 0);
  for (const entry of entries) {
    partitions[entry.partition]?.take(entry, offsets[entry.partition] ?? 0);
    offsets[entry.partition] = (offsets[entry.partition] ?? 0) + 1;
  }
  const watermark = Math.min(...partitions.map((one) => one.watermark));
  const expected: Expected = { partitions, windows: [], alerts: [], kept: new Map() };
  for (const selection of selections) {
    const { id, window, grace } = selection;
    const closedEnd = Math.floor((watermark - grace) / window) * window;
    const kept = { count: 0, sum: 0 };
    expected.kept.set(id, kept);
    const groups = new Map<string, Labels>(partitions.flatMap((one) => [...one.groups]));
    for (const one of partitions) {
      kept.count += (one.grown.get(id)?.count ?? 0) - (one.lost.get(id)?.count ?? 0);
      kept.sum += (one.grown.get(id)?.sum ?? 0) - (one.lost.get(id)?.sum ?? 0);
    }
    for (const [text, group] of groups) {
      const merged = new Map<number, Sums>();
      for (const one of partitions) {
        for (const [start, sums] of one.windows.get(id)?.get(text) ?? []) {
          if (start + window <= closedEnd) merged.set(start, plus(merged.get(start), sums));
          else {
            kept.count -= sums.requests;
            kept.sum -= sums.latencySum;
          }
        }
      }
      if (merged.size === 0) continue;
      for (const [start, sums] of merged) expected.windows.push(windowRecord(selection, group, start, sums));
      for (const rule of rules.filter((one) => one.selection === selection))
        expected.alerts.push(...judgeGroup(rule, group, merged, closedEnd, seen));
    }
  }
  return expected;
}

const plus = (a: Sums | undefined, b: Sums): Sums =>
  a
    ? {
        requests: a.requests + b.requests,
        latencySum: a.latencySum + b.latencySum,
        errors: a.errors + b.errors,
        samples: a.samples + b.samples,
        covered: a.covered || b.covered,
      }
    : { ...b };

const graceOf = (id: string): number => selections.find((one) => one.id === id)?.grace ?? 0;
const graceOfRule = (alert: string): number => rules.find((one) => one.alert === alert)?.selection.grace ?? 0;

/** In the order that docs/semantics.md asks for. */
const inOrder = <T>(records: readonly T[], key: (record: T) => readonly (number | string)[]): T[] =>
  records
    .map((record) => ({ record, key: key(record) }))
    .sort((a, b) => {
      const at = a.key.findIndex((value, i) => value !== b.key[i]);
      return at < 0 ? 0 : (a.key[at] ?? 0) < (b.key[at] ?? 0) ? -1 : 1;
    })
    .map(({ record }) => record);
const windowKey = ({ end, selection, group }: WindowRecord): (number | string)[] => [
  end + graceOf(selection),
  end,
  selection,
  textOf(group),
];
const alertKey = ({ windowEnd, alert, labels: { route } }: AlertRecord): (number | string)[] => [
  windowEnd + graceOfRule(alert),
  windowEnd,
  alert,
  route === undefined ? '{}' : textOf({ route }),
];

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
  'a gap longer than the lookback',
  'a first sample that says nothing',
  'a birth',
  'a reset',
  'a reset with a known start',
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
];

describe('over any log, batches and crashes', () => {
  test('windows, alerts, dead letters and classes are those of a model written from the text, and nothing is unaccounted for', () => {
    const seen: Seen = new Map();
    const check = (log: Log, plan: Plan): void => {
      const expected = model(log, seen);
      const topology = engine(log, plan);
      const windows = inOrder(expected.windows, windowKey);
      const alerts = inOrder(expected.alerts, alertKey);
      const sorted = plan.outputs > 1;
      expect(sorted ? inOrder(topology.windows(), windowKey) : topology.windows()).toEqual(windows);
      expect(sorted ? inOrder(topology.alerts(), alertKey) : topology.alerts()).toEqual(alerts);
      expect(topology.warnings().filter((text) => !text.includes('__overflow__'))).toEqual([]);
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
      const idle = expected.partitions.some((one) => one.groups.size === 0);
      if (idle && windows.length > 0) seen.set('a partition without series', 1);
    };
    fc.assert(fc.property(logs, plans, check), bounds);
    expect(cases.filter((one) => !seen.has(one))).toEqual([]);
  }, 3_600_000);
});

/** What windows add up to is what counters grew by, whatever it was split into. */
function conserved(windows: readonly WindowRecord[], kept: Expected['kept']): void {
  for (const [id, { count, sum }] of kept) {
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
