import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { Driver, rules, type Spec, T } from './driver.fixture.js';

const set = rules(
  'alert: Plain, when: mean_latency > 1s, for: 10s',
  'alert: Rolling, window: 30s, every: 10s, when: mean_latency > 1.1 * baseline, baseline: { windows: 2, min_windows: 1 }',
  'alert: Visit, window: { session: 20s, max: 40s, every: 10s }, when: mean_latency > 1s, no_data_for: 30s',
  'alert: Other, window: 20s, every: 5s, grace: 5s, when: request_rate > 0.2/s',
);

/** One batch of a source: how far it goes, what it computed since when, and what each pane of it holds. */
const batch = fc.record({
  step: fc.constantFrom(5000, 10_000, 10_000, 15_000, 60_000),
  late: fc.constantFrom(0, 0, 0, 0, 0, 1, 10_000, 25_000),
  knows: fc.constantFrom(true, true, true, true, true, true, true, false),
  requests: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
  latency: fc.double({ min: 0, max: 2, noNaN: true }),
});
const source = fc.array(batch, { minLength: 5, maxLength: 20 });

function specsOf(batches: typeof source extends fc.Arbitrary<infer All> ? All : never, of: number): Spec[] {
  let w = 0;
  return batches.map(({ step, late, knows, requests, latency }) => {
    const [before, now] = [w, w + step];
    w = now;
    const rows = set.selections.flatMap(({ id, window, grace }) => {
      const starts: number[] = [];
      for (let start = -window; start + window + grace <= now; start += window)
        if (start + window + grace > before) starts.push(start);
      return starts.flatMap((start, i) => {
        const n = requests[i % 3] ?? 0;
        if (n === 2 && (start / window) % 2 === 0) return [];
        return [
          {
            selection: id,
            start,
            requests: n,
            latencySum: n * latency,
            route: of === 0 || n > 0 ? '/a' : '/b',
          },
        ];
      });
    });
    const from = late === 0 ? 0 : T + now - late;
    const selections = knows ? Object.fromEntries(set.selections.map(({ id }) => [id, from])) : {};
    return { w: now, source: of, sources: 2, selections, rows };
  });
}

/** What comes out where the sources' batches come in this order; crashes where it says so. */
function run(sources: readonly (readonly Spec[])[], order: readonly boolean[], crash: boolean) {
  const driver = new Driver(set);
  const left = sources.map((specs) => [...specs]);
  const out: { windows: WindowRecord[]; alerts: AlertRecord[] } = { windows: [], alerts: [] };
  for (let i = 0; left.some((specs) => specs.length > 0); i++) {
    const [first, second] = order[i % order.length] ? [left[0], left[1]] : [left[1], left[0]];
    const next = first?.shift() ?? second?.shift();
    if (!next) break;
    if (crash) driver.crash();
    const { windows, alerts } = driver.push(next);
    out.windows.push(...windows);
    out.alerts.push(...alerts);
  }
  return out;
}

test('whichever source is ahead, and wherever the stage is killed, the same comes out', () => {
  const order = fc.array(fc.boolean(), { minLength: 2, maxLength: 40 });
  const seen = new Map<string, number>();
  const note = (what: string): unknown => seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(source, source, order, order, (a, b, one, another) => {
      const sources = [specsOf(a, 0), specsOf(b, 1)];
      const expected = run(sources, one, false);
      expect(run(sources, another, true)).toEqual(expected);
      for (const { selection } of expected.windows) note(selection);
      for (const { alert } of expected.alerts) note(alert);
    }),
    { numRuns: 60, seed: 20_261_126 },
  );
  for (const { alert, selection } of set.rules)
    expect([alert, seen.get(alert), seen.get(selection.id)]).toEqual([
      alert,
      expect.any(Number),
      expect.any(Number),
    ]);
});
