import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { backtest } from './backtest.js';
import { fileInput } from './metrics-file.js';
import { noProgress } from './progress.js';
import { loadRules } from './rules.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-backtest-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sla = join(folder, 'sla.yaml');
writeFileSync(
  sla,
  'version: 1\nslas:\n  - { alert: Slow, by: [], window: 10s, when: mean_latency > 300ms }\n',
);

async function run(marks: object, partitions: number | null = null): Promise<readonly string[]> {
  const lines = [0, 5_000, 10_000].flatMap((timestamp) => [
    {
      type: 'MetricRecord',
      value: {
        ...{ timestamp, startTimestamp: null, count: timestamp / 100, sum: timestamp / 200, buckets: [] },
        ...{ name: 'http_request_duration_seconds', labels: {}, type: 'cumulative' },
      },
    },
    { type: 'Watermark', value: { timestamp, source: 's', ...marks } },
  ]);
  const first = { type: 'Watermark', value: { timestamp: 0, source: 's', ...marks } };
  const file = join(folder, 'metrics.jsonl');
  writeFileSync(file, [first, ...lines].map((line) => JSON.stringify(line)).join('\n'));
  const said: string[] = [];
  const print = (line: string): void => void said.push(line);
  const limits = { maxSeries: 100, maxGroups: 100 };
  await backtest({
    ...{ rules: loadRules(sla), limits, windows: false, output: 'text', progress: noProgress, print },
    input: await fileInput(file, partitions),
    bounds: { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY },
    warn: () => undefined,
  });
  return said;
}

test.each([
  ['where no line says how many partitions there are', {}, null],
  ['with as many as a watermark says', { partitions: 2 }, 2],
  ['with the usual number, which a watermark says too', { partitions: 4 }, null],
])('judges %s', async (_, marks, partitions) => {
  expect(await run(marks, partitions)).toEqual([expect.stringContaining('FIRING')]);
});

test('a watermark for all partitions that says there are fewer is a mistake: some would be closed too early', async () => {
  const said =
    'metrics.jsonl:1 the watermark goes to all 4 partitions in use, but says that there are 1: leave its partitions out, or say --partitions 1';
  await expect(run({ partitions: 1 })).rejects.toThrow(said);
});
