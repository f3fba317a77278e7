import { describe, expect, test } from 'vitest';
import { backtest } from '../cli/backtest.js';
import { historyInput } from '../cli/metrics-history.js';
import type { MetricsInput } from '../cli/metrics-input.js';
import { logInput } from '../cli/metrics-log.js';
import { noProgress } from '../cli/progress.js';
import type { Bounds } from '../pipeline/backtest/between.js';
import { recompile } from '../pipeline/sla/compile.js';
import { SimulatedPrometheus } from './simulated-prometheus.js';
import { EPOCH, GAUGE, SimulatedTarget, Simulation } from './simulation.js';

const SECOND = 1000;
const HOUR = 3_600 * SECOND;
const PARTITIONS = 4;
const never = new AbortController().signal;
const rules = recompile(
  'sla.yaml',
  `version: 1
defaults: { by: [service, route], window: 30s }
slas:
  - { alert: Slow, when: mean_latency > 150ms, for: 30s }
  - { alert: Slower, when: mean_latency > 1.5 * baseline, baseline: { max_age: 5m } }
  - { alert: Large, match: '${GAUGE}', by: [service], when: max > 100 }
`,
);

async function told(input: MetricsInput, bounds: Bounds) {
  const lines: string[] = [];
  const warnings: string[] = [];
  await backtest({
    ...{ rules, input, bounds, windows: true, output: 'json', progress: noProgress },
    limits: { maxSeries: 1000, maxGroups: 1000 },
    print: (line) => lines.push(line),
    warn: (line) => warnings.push(line),
  });
  return { lines, warnings };
}

/** An hour of a target that is slow now and then, and of one that is away for a quarter of an hour. */
async function anHour(simulation: Simulation, prometheus: SimulatedPrometheus, each: () => Promise<void>) {
  const [steady, away] = ['steady', 'away'].map((name) => new SimulatedTarget(name)) as [
    SimulatedTarget,
    SimulatedTarget,
  ];
  for (let second = 5; second <= 3_600; second += 5) {
    simulation.now = EPOCH + second * SECOND;
    steady.serve('/a', 3, second % 900 < 120 ? 0.3 : 0.1);
    away.serve('/b', 2, second > 2_000 && second < 2_200 ? 0.4 : 0.1);
    steady.memory = second % 600;
    away.memory = 7;
    if (second % 15 === 0) prometheus.scrape(steady);
    if (second % 15 === 5 && !(second > 900 && second < 1_800)) prometheus.scrape(away);
    await each();
  }
}

const history = (source: SimulatedPrometheus, warn: (line: string) => void = () => undefined) =>
  historyInput({ source, rules: [rules], partitions: PARTITIONS, pause: () => Promise.resolve(), warn });

describe('the history of a Prometheus', () => {
  test('gives the windows and alerts of the log that a spout wrote from it', async () => {
    await using simulation = await Simulation.open(PARTITIONS);
    const prometheus = new SimulatedPrometheus(() => simulation.now);
    const spout = await simulation.reading('spout', prometheus);
    await anHour(simulation, prometheus, () => spout.poll(never));
    // Until now no target holds what is after that.
    const bounds = { from: EPOCH + 600 * SECOND, to: EPOCH + 3_500 * SECOND };
    const live = await told(await logInput(simulation, () => undefined), bounds);
    const again = await told(history(prometheus), bounds);
    expect(again.lines).toEqual(live.lines);
    const states = again.lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'AlertRecord');
    expect(new Set(states.map(({ value }) => `${value.alert} ${value.state}`))).toEqual(
      new Set([
        ...['Slow pending', 'Slow firing', 'Slow resolved', 'Slower firing', 'Slower resolved'],
        ...['Large firing', 'Large resolved'],
      ]),
    );
  });

  test('is read in steps, no further than is asked for', async () => {
    await using simulation = await Simulation.open(1);
    const prometheus = new SimulatedPrometheus(() => simulation.now);
    await anHour(simulation, prometheus, () => Promise.resolve());
    const ranges: number[] = [];
    const { samples } = prometheus;
    prometheus.samples = (names, range) => {
      if (names.length > 1) ranges.push(range.to - range.from);
      expect(range.to).toBeLessThanOrEqual(EPOCH + 2_000 * SECOND + 300 * SECOND);
      return samples.call(prometheus, names, range);
    };
    await told(history(prometheus), { from: EPOCH + 1_000 * SECOND, to: EPOCH + 2_000 * SECOND });
    expect(ranges.length).toBeGreaterThan(3);
    expect(Math.max(...ranges)).toBeLessThanOrEqual(600 * SECOND);
  });

  test('that fails at times is asked again in shorter steps, and comes out the same', async () => {
    await using simulation = await Simulation.open(1);
    const prometheus = new SimulatedPrometheus(() => simulation.now);
    await anHour(simulation, prometheus, () => Promise.resolve());
    const bounds = { from: EPOCH + 600 * SECOND, to: EPOCH + 3_500 * SECOND };
    const straight = await told(history(prometheus), bounds);
    let asked = 0;
    prometheus.between = () => {
      prometheus.down = ++asked % 11 > 8 ? 'too many samples' : null;
    };
    const warnings: string[] = [];
    const again = await told(
      history(prometheus, (line) => warnings.push(line)),
      bounds,
    );
    expect(again.lines).toEqual(straight.lines);
    expect(new Set(warnings)).toEqual(
      new Set(['reading the history: too many samples; asking again, in shorter steps']),
    );
  });

  test('that does not answer ends the backtest, and says why', async () => {
    await using simulation = await Simulation.open(1);
    const prometheus = new SimulatedPrometheus(() => simulation.now);
    await anHour(simulation, prometheus, () => Promise.resolve());
    prometheus.between = () => {
      if (prometheus.asked > 3) prometheus.down = 'it wants a password';
    };
    const bounds = { from: EPOCH, to: EPOCH + HOUR };
    await expect(told(history(prometheus), bounds)).rejects.toThrow(
      'reading the history: it wants a password',
    );
  });

  test('that does not go back so far is said', async () => {
    await using simulation = await Simulation.open(1);
    const prometheus = new SimulatedPrometheus(() => simulation.now);
    await anHour(simulation, prometheus, () => Promise.resolve());
    const { warnings } = await told(history(prometheus), { from: EPOCH - 24 * HOUR, to: EPOCH + HOUR / 2 });
    expect(warnings[0]).toMatch(/^the data begin at 2023-11-14T22:13:00Z: of the 30m30s before --from/);
    expect(warnings[1]).toMatch(
      /^no data from 2023-11-13T22:13:20Z to 2023-11-14T22:13:00Z \(23h59m\): nothing was judged there$/,
    );
  });
});
