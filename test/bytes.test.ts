import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { create, push, rules as rulesOf } from '../pipeline/aggregate/driver.fixture.js';
import { Driver, rules, T } from '../pipeline/evaluate/driver.fixture.js';
import { embeddedCodec } from '../platform/codec/embedded.js';

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const codec = embeddedCodec();
const FRAME = 5;
const inf = Number.POSITIVE_INFINITY;

/** A checkpoint that was written once is read by every later version, so its bytes stay as they are. */
test('checkpoints of rules on requests have the bytes that they always had', () => {
  const stage = create(
    rulesOf(
      '  - { alert: A, by: [route], window: 10s, when: mean_latency > 1s }\n  - { alert: B, by: [], window: 20s, when: p99_latency > 1s }\n',
    ),
  );
  const buckets = (below: number, all: number) =>
    [
      [0.5, below],
      [inf, all],
    ] as const;
  push(
    [
      { w: 0 },
      { t: 1000, count: 5, buckets: buckets(3, 5) },
      { t: 4000, count: 9, sum: 2, buckets: buckets(4, 9), status: '500', start: 2000 },
      { t: 12_000, count: 8, buckets: buckets(4, 8) },
      { w: 10_000 },
    ],
    { stage },
  );
  expect(digest(stage.stage.save())).toBe('a97d406f28fbb55d');

  const driver = new Driver(
    rules(
      'alert: A, when: mean_latency > 1.2 * baseline, baseline: { windows: 2, min_windows: 1 }',
      'alert: B, when: p90_latency > 100ms',
    ),
  );
  const quantiles = driver.stage.rules.rules[1]?.selection.id ?? '';
  driver.push(
    {
      w: 10_000,
      rows: [
        { start: 0, requests: 10, latencySum: 1, selection: driver.stage.rules.rules[0]?.selection.id ?? '' },
        {
          start: 0,
          requests: 10,
          selection: quantiles,
          buckets: [
            { le: 0.1, count: 5 },
            { le: inf, count: 10 },
          ],
        },
      ],
    },
    {
      w: 20_000,
      rows: [
        { start: 10_000, requests: 10, selection: driver.stage.rules.rules[0]?.selection.id ?? '' },
        { start: 20_000, requests: 10, selection: quantiles, buckets: [{ le: inf, count: 10 }] },
      ],
    },
  );
  expect(digest(driver.stage.save())).toBe('2d14fb98682beab4');
});

test('alerts and windows have the bytes that they always had, up to what was added since', () => {
  const driver = new Driver(rules('alert: A, when: mean_latency > 100ms, context: [request_rate]'));
  const { windows, alerts } = driver.push({ w: 10_000, rows: [{ start: 0, requests: 10, errors: 2 }] });
  const [alert, window] = [alerts[0], windows[0]];
  if (!alert || !window) throw new Error(`nothing came of ${T}`);
  // A byte each: no conditions beside the first, and no `max`.
  const added = 1;
  expect(digest(codec.encode('AlertRecord', alert).subarray(FRAME, -added))).toBe('d03cea384eed6726');
  expect(digest(codec.encode('WindowRecord', window).subarray(FRAME, -added))).toBe('b2df25b01cad75a9');
});
