import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backtest, diff } from '../cli/backtest.js';
import { logInput } from '../cli/metrics-log.js';
import { noProgress, type Progress } from '../cli/progress.js';
import type { Bounds } from '../pipeline/backtest/between.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { groupText } from '../pipeline/model/text.js';
import { recompile } from '../pipeline/sla/compile.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { fromJson, type Json } from '../platform/codec/json.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { schemaOf } from '../schemas/index.js';
import type { AlertRecord } from '../schemas/types.js';
import { EPOCH, endMetrics, PARTITIONS, rulesText, writeMetrics } from './metrics-log.js';
import { startPipeline } from './pipeline.js';
import { results } from './results.js';
import { temporaryFolder } from './tidemark.js';

const SECONDS = 1200;
const codec = embeddedCodec();
const rules = recompile('sla.yaml', rulesText);
const folder = temporaryFolder();
const environment = openEnvironment({ path: folder.path, mode: 'write' });
/** Event time is append time, as far as the log knows. */
let now = EPOCH;
const log = lmdbLog(environment, { clock: () => now });
const all: Bounds = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
const limits = { maxSeries: 1000, maxGroups: 1000 };

interface Asked {
  readonly bounds?: Bounds;
  readonly rules?: RuleSet;
  readonly windows?: boolean;
  readonly output?: 'table' | 'json';
  readonly progress?: Progress;
}

async function run({
  bounds = all,
  output = 'json',
  windows = true,
  progress = noProgress,
  ...asked
}: Asked = {}) {
  const lines: string[] = [];
  const warnings: string[] = [];
  await backtest({
    ...{ rules: asked.rules ?? rules, bounds, limits, windows, output, progress },
    input: await logInput({ log, codec }, (line) => warnings.push(line)),
    print: (line) => lines.push(line),
    warn: (line) => warnings.push(line),
  });
  return { lines, warnings };
}

interface Line {
  readonly topic: 'windows' | 'alerts';
  readonly type: 'WindowRecord' | 'AlertRecord';
  readonly value: { readonly [key: string]: Json };
}

const parsed = (lines: readonly string[]): Line[] => lines.map((line) => JSON.parse(line) as Line);

/** The payloads of the lines, by the partition of the group, as a pipeline writes them. */
function payloadsOf(lines: readonly Line[], topic: Line['topic']): string[][] {
  const all: string[][] = Array.from({ length: PARTITIONS }, () => []);
  for (const { type, value } of lines.filter((line) => line.topic === topic)) {
    const labels = (value.group ?? { route: (value.labels as Record<string, string>).route }) as Record<
      string,
      string
    >;
    const record = fromJson(schemaOf(type), value) as never;
    all[partitionOf(groupText(labels), PARTITIONS)]?.push(codec.encode(type, record).toString('hex', 5));
  }
  return all;
}

beforeAll(async () => {
  await writeMetrics({
    ...{ log, codec, seconds: SECONDS, steady: 10 },
    between: async (second) => {
      now = EPOCH + second * 1000;
    },
  });
  await endMetrics({ log, codec, seconds: SECONDS });
}, 60_000);

afterAll(async () => {
  await log.close();
  await environment.close();
  folder[Symbol.dispose]();
});

describe('a backtest of a log', () => {
  test('gives the bytes that the pipeline gave live, in each partition', async () => {
    const { lines, warnings } = await run();
    expect(warnings).toEqual([expect.stringMatching(/^records: .*\d+ aggregated; alerts: [1-9]\d*$/)]);
    const again = parsed(lines);
    const pipeline = await startPipeline(log, codec, rules);
    const expected = { windows: payloadsOf(again, 'windows'), alerts: payloadsOf(again, 'alerts') };
    await expect.poll(() => results(log), { timeout: 20_000 }).toEqual(expected);
    await pipeline.stop();
    expect(expected.alerts.flat().length).toBeGreaterThan(50);
    expect(expected.windows.flat().length).toBeGreaterThan(1000);
  });

  test('says how far it is', async () => {
    const shares: number[] = [];
    let cleared = 0;
    const progress = { share: (share: number) => void shares.push(share), clear: () => void cleared++ };
    await run({ progress });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    expect(cleared).toBe(1);
  });

  const flapping = recompile(
    'flaps.yaml',
    rulesText.replace(/ {2}- alert: AboveBaseline[\s\S]*?(?= {2}- alert: Flaps)/, ''),
  );
  const alertsOf = (lines: readonly string[]): AlertRecord[] =>
    parsed(lines)
      .filter(({ topic }) => topic === 'alerts')
      .map(({ value }) => value as unknown as AlertRecord);

  test('that begins in the middle tells the same alerts from there on, and those that are active then', async () => {
    const whole = alertsOf((await run({ rules: flapping })).lines);
    // In the middle of an alert of /flap.
    const bounds = { from: EPOCH + 855_000, to: EPOCH + 1_000_000 };
    const part = await run({ rules: flapping, bounds });
    const [first] = alertsOf(part.lines);
    expect(first?.windowEnd).toBeLessThan(bounds.from);
    const over = (one: AlertRecord): boolean =>
      whole.some(
        (other) =>
          other.fingerprint === one.fingerprint &&
          other.startsAt === one.startsAt &&
          ['resolved', 'inactive'].includes(other.state) &&
          other.windowEnd <= bounds.from,
      );
    const expected = whole.filter(
      (one) => one.windowEnd <= bounds.to && !(one.windowEnd <= bounds.from && over(one)),
    );
    expect(alertsOf(part.lines).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    expect(expected.length).toBeLessThan(whole.length);
    const windows = parsed(part.lines).filter(({ topic }) => topic === 'windows');
    for (const { value } of windows) {
      expect(value.end).toBeGreaterThan(bounds.from);
      expect(value.end).toBeLessThanOrEqual(bounds.to);
    }
  });

  test('says what time has no data', async () => {
    const bounds = { from: EPOCH - 3_600_000, to: EPOCH + SECONDS * 1000 + 600_000 };
    const { warnings } = await run({ rules: flapping, bounds });
    expect(warnings.slice(0, -1)).toEqual([
      'the data begin at 2023-11-14T22:13:20Z: of the 7m20s before --from that the rules look back, 7m20s are missing; baselines and alerts may differ at first',
      'no data from 2023-11-14T21:13:20Z to 2023-11-14T22:13:20Z (1h00m): nothing was judged there',
      'no data from 2023-11-14T22:33:20Z to 2023-11-14T22:43:20Z (10m00s): nothing was judged there',
    ]);
  });

  test('as a table has what fired, and totals', async () => {
    const bounds = { from: EPOCH, to: EPOCH + 300_000 };
    const { lines } = await run({ rules: flapping, bounds, output: 'table' });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "RULE   GROUP    SEVERITY  FROM                  UNTIL                 FOR  PEAK
      Flaps  /behind  warning   2023-11-14T22:13:40Z  2023-11-14T22:14:10Z  30s  200ms > 150ms
      Flaps  /flap    warning   2023-11-14T22:13:40Z  2023-11-14T22:14:10Z  30s  200ms > 150ms
      Flaps  /behind  warning   2023-11-14T22:14:50Z  2023-11-14T22:15:20Z  30s  200ms > 150ms
      Flaps  /flap    warning   2023-11-14T22:14:50Z  2023-11-14T22:15:20Z  30s  200ms > 150ms
      Flaps  /behind  warning   2023-11-14T22:16:00Z  2023-11-14T22:16:30Z  30s  200ms > 150ms
      Flaps  /flap    warning   2023-11-14T22:16:00Z  2023-11-14T22:16:30Z  30s  200ms > 150ms
      Flaps  /behind  warning   2023-11-14T22:17:10Z  2023-11-14T22:17:40Z  30s  200ms > 150ms
      Flaps  /flap    warning   2023-11-14T22:17:10Z  2023-11-14T22:17:40Z  30s  200ms > 150ms
      Flaps  /behind  warning   2023-11-14T22:18:20Z  still fires            0s  200ms > 150ms
      Flaps  /flap    warning   2023-11-14T22:18:20Z  still fires            0s  200ms > 150ms

      RULE   ALERTS  GROUPS    FOR  LONGEST
      Flaps      10       2  4m00s      30s"
    `);
  });

  test('of two rule files says which alerts come, go and change', async () => {
    const changed = recompile(
      'new.yaml',
      `version: 1
defaults: { by: [route], window: 10s }
slas:
  - { alert: Flaps, match: '{route="/flap"}', when: mean_latency > 150ms, for: 20s, severity: critical }
  - { alert: Alternates, match: '{route="/alternates"}', when: mean_latency > 120ms }
`,
    );
    const compare = async (output: 'table' | 'json') => {
      const lines: string[] = [];
      const changes = await diff({
        ...{ old: flapping, new: changed, limits, output, progress: noProgress },
        bounds: { from: EPOCH, to: EPOCH + 150_000 },
        input: await logInput({ log, codec }, () => undefined),
        print: (line) => lines.push(line),
        warn: () => undefined,
      });
      return { lines, changes };
    };
    const { lines, changes } = await compare('table');
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "         RULE        GROUP        SEVERITY             OLD FROM              UNTIL                 FOR  NEW FROM              UNTIL                 FOR
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:13:30Z  2023-11-14T22:13:40Z  10s
      goes     Flaps       /behind      warning              2023-11-14T22:13:40Z  2023-11-14T22:14:10Z  30s
      changes  Flaps       /flap        warning -> critical  2023-11-14T22:13:40Z  2023-11-14T22:14:10Z  30s  2023-11-14T22:13:50Z  2023-11-14T22:14:00Z  10s
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:13:50Z  2023-11-14T22:14:00Z  10s
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:14:10Z  2023-11-14T22:14:20Z  10s
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:14:30Z  2023-11-14T22:14:40Z  10s
      goes     Flaps       /behind      warning              2023-11-14T22:14:50Z  2023-11-14T22:15:20Z  30s
      changes  Flaps       /flap        warning -> critical  2023-11-14T22:14:50Z  2023-11-14T22:15:20Z  30s  2023-11-14T22:15:00Z  2023-11-14T22:15:10Z  10s
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:14:50Z  2023-11-14T22:15:00Z  10s
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:15:10Z  2023-11-14T22:15:20Z  10s
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:15:30Z  2023-11-14T22:15:40Z  10s
      comes    Alternates  /alternates  warning                                                               2023-11-14T22:15:50Z  still fires            0s

      8 come, 2 go, 2 change."
    `);
    const json = (await compare('json')).lines.map((line) => JSON.parse(line));
    expect(json).toHaveLength(changes);
    const old = alertsOf((await run({ rules: flapping })).lines).map(({ id }) => id);
    const later = alertsOf((await run({ rules: changed })).lines).map(({ id }) => id);
    for (const change of json) {
      if (change.old !== null) expect(old).toContain(change.old.id);
      if (change.new !== null) expect(later).toContain(change.new.id);
    }
  });
});
