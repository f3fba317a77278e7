import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printLine } from '../pipeline/backtest/json-lines.js';
import { recompile } from '../pipeline/sla/compile.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import type { AlertRecord, WindowRecord } from '../schemas/types.js';
import { temporaryFolder } from '../test/tidemark.js';
import { noProgress } from './progress.js';
import { fileResults, logResults, type ReportCommand, type ResultsInput, report } from './report.js';
import { topicSpecs } from './topics.js';

const T = Date.parse('2026-01-31T12:00:00Z');
const W = 30_000;
const HOUR = 3_600_000;
const codec = embeddedCodec();
const rules = recompile(
  'sla.yaml',
  'version: 1\nslas:\n  - { alert: Slow, by: [route], when: mean_latency > 300ms }\n',
);
const folder = temporaryFolder();
const environment = openEnvironment({ path: folder.path, mode: 'write' });
let now = T;
const log = lmdbLog(environment, { clock: () => now });
const file = join(folder.path, 'results.jsonl');

const window = (n: number): WindowRecord => {
  const latency = n >= 10 && n < 14 ? 0.4 : 0.1;
  return {
    ...{ metric: 'http_request_duration_seconds', selection: rules.rules[0]?.selection.id ?? '' },
    ...{ group: { route: '/a' }, start: T + n * W, end: T + (n + 1) * W, requests: 10, errors: 0 },
    ...{ latencySum: 10 * latency, requestRate: 1 / 3, errorRatio: 0, meanLatency: latency, samples: 2 },
    ...{ covered: true, buckets: null, max: null },
  };
};
const transition = (state: 'firing' | 'resolved', n: number): AlertRecord => ({
  ...{ id: state, fingerprint: 'f', alert: 'Slow', state, severity: 'warning', annotations: {} },
  ...{ labels: { alertname: 'Slow', route: '/a', severity: 'warning' }, measure: 'mean_latency' },
  ...{ operator: '>', value: 0.4, threshold: 0.3, requests: 10, windowStart: T + n * W },
  ...{ windowEnd: T + (n + 1) * W, startsAt: T + 11 * W, endsAt: null, baseline: null, context: [] },
  ...{ conditions: [], reason: null, rule: { file: 'sla.yaml', line: 3, revision: '0' } },
});

beforeAll(async () => {
  await log.createTopics(topicSpecs(30 * 24 * HOUR));
  const lines: string[] = [];
  const append = (topic: string, value: Buffer): Promise<number> =>
    log.append({ topic, partition: 2, records: [{ key: null, value }] });
  for (let n = 0; n < 120; n++) {
    now = T + (n + 1) * W;
    const record = { type: 'WindowRecord' as const, value: window(n) };
    await append('windows', codec.encode('WindowRecord', record.value));
    lines.push(printLine({ topic: 'windows', partition: 2, offset: n, key: null }, record));
    const state = n === 10 ? 'firing' : n === 14 ? 'resolved' : null;
    if (state === null) continue;
    const alert = transition(state, n);
    await append('alerts', codec.encode('AlertRecord', alert));
    lines.push(
      printLine(
        { topic: 'alerts', partition: 2, offset: n, key: null },
        { type: 'AlertRecord', value: alert },
      ),
    );
  }
  await append('windows', Buffer.from('poison'));
  writeFileSync(file, lines.join('\n'));
});

afterAll(async () => {
  await log.close();
  await environment.close();
  folder[Symbol.dispose]();
});

async function printed(input: ResultsInput, more: Partial<ReportCommand> = {}) {
  const lines: string[] = [];
  const warnings: string[] = [];
  await report({
    ...{ rules, input, period: HOUR, to: T + HOUR, objective: 0.95, worst: 2, output: 'table' },
    ...{ progress: noProgress, print: (line) => lines.push(line), warn: (line) => warnings.push(line) },
    ...more,
  });
  return { text: lines.join('\n'), warnings };
}

describe.each<[string, (warn: (line: string) => void) => ResultsInput]>([
  ['a log', (warn) => logResults({ log, codec }, warn)],
  ['a file', () => fileResults(file)],
])('a report over %s', (_, input) => {
  const quiet = input(() => undefined);

  test('is a table', async () => {
    const { text, warnings } = await printed(quiet);
    expect(text.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      expect.arrayContaining(['RULE', 'GROUP', 'HELD', 'BUDGET LEFT', 'MTTR']),
      [
        'Slow',
        '/a',
        '96.67%',
        '120',
        '95% met',
        '33.3%',
        '1',
        '2 min',
        '2 min',
        '2026-01-31T12:05:30Z 400ms > 300ms',
      ],
    ]);
    expect(warnings).toEqual(['windows from 2026-01-31T12:00:00Z to 2026-01-31T13:00:00Z']);
  });

  test('is JSON', async () => {
    const { text } = await printed(quiet, { output: 'json' });
    expect(JSON.parse(text)).toMatchObject({
      ...{ from: T, to: T + HOUR, first: T, last: T + HOUR, gaps: [], others: { alerts: 0, windows: 0 } },
      standings: [{ rule: 'Slow', judged: 120, held: 116, met: true, alerts: 1, firing: 4 * W, mttr: 4 * W }],
    });
  });

  test('is a page, which says itself what is not there', async () => {
    const { text, warnings } = await printed(quiet, { output: 'html', period: 24 * HOUR });
    expect(text).toMatch(/^<!doctype html>/);
    expect(text).toContain('<p>no data from 2026-01-30T13:00:00Z to 2026-01-31T12:00:00Z (23h00m)');
    expect(warnings).toEqual([]);
  });

  test('has what fired before the period and still does in it', async () => {
    const { text } = await printed(quiet, { output: 'json', period: HOUR - 12 * W });
    expect(JSON.parse(text).standings).toMatchObject([
      { judged: 108, alerts: 1, firing: 3 * W, mttr: 4 * W },
    ]);
  });
});

test('says how far it is', async () => {
  const shares: number[] = [];
  await printed(
    logResults({ log, codec }, () => undefined),
    { progress: { share: (share) => shares.push(share), clear: () => undefined } },
  );
  expect(shares.at(-1)).toBe(1);
});

test('what nobody can read in a log is said', async () => {
  const warnings: string[] = [];
  await printed(logResults({ log, codec }, (line) => warnings.push(line)));
  expect(warnings).toEqual([expect.stringMatching(/^windows\/2 offset 120: the value is not framed/)]);
});

test('a file without windows is refused, and one that is malformed says where', async () => {
  const empty = join(folder.path, 'empty.jsonl');
  writeFileSync(empty, '\n');
  await expect(fileResults(empty).last()).rejects.toThrow('has no windows: print them with');
  writeFileSync(empty, '\n{"type":"WindowRecord","value":1}\n');
  await expect(fileResults(empty).last()).rejects.toThrow('empty.jsonl:2 value must be an object, not 1');
  expect(await fileResults(file).last()).toBe(T + HOUR);
});
