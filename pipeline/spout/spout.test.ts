import { describe, expect, test } from 'vitest';
import { SimulatedPrometheus } from '../../test/simulated-prometheus.js';
import { EPOCH, GAUGE, SimulatedTarget, Simulation } from '../../test/simulation.js';
import { watermarks, written } from './written.fixture.js';

const never = new AbortController().signal;
const MINUTE = 60_000;

describe('a spout', () => {
  test('begins, the very first time, with a watermark one lookback before its first poll', async () => {
    await using simulation = await Simulation.open(2);
    await simulation.spout('spout', 5_000, []);
    expect(await watermarks(simulation, 0)).toEqual([-5 * MINUTE]);
    expect(await watermarks(simulation, 1)).toEqual([-5 * MINUTE]);
  });

  test('begins, after a restart, with a watermark where its own name left off', async () => {
    await using simulation = await Simulation.open(1);
    const other = await simulation.spout('other', 5_000, []);
    const spout = await simulation.spout('spout', 5_000, []);
    simulation.now = EPOCH + 10_000;
    await spout.poll(never);
    simulation.now = EPOCH + 90_000;
    await other.poll(never);
    await simulation.spout('spout', 5_000, []);
    expect((await watermarks(simulation)).at(-1)).toBe(10_000);
  });

  test('says, after a restart, that the log is ahead of the clock', async () => {
    await using simulation = await Simulation.open(1);
    const spout = await simulation.spout('spout', 5_000, []);
    simulation.now = EPOCH + 90_000;
    await spout.poll(never);
    simulation.now = EPOCH + 60_000;
    await simulation.spout('spout', 5_000, []);
    expect(simulation.said).toEqual([
      "error the log is 30 s ahead of this machine's clock: set it right, or all is late until then",
    ]);
  });

  test('writes samples by series, all with the time of the poll, and then the watermark to every partition', async () => {
    await using simulation = await Simulation.open(4);
    const target = new SimulatedTarget('app');
    for (let i = 0; i < 20; i++) target.serve(`/${i}`, 1, 0.1);
    const spout = await simulation.spout('spout', 5_000, [target]);
    simulation.now = EPOCH + 5_000;
    await spout.poll(never);
    const records = await written(simulation);
    for (let partition = 0; partition < 4; partition++) {
      const own = records.filter((one) => one.partition === partition).slice(1);
      expect(own.length).toBeGreaterThan(1);
      expect(own.pop()).toMatchObject({ type: 'Watermark', timestamp: EPOCH + 5_000 });
      for (const one of own) expect(one).toMatchObject({ type: 'MetricRecord', timestamp: EPOCH + 5_000 });
    }
  });

  test('adds job and instance as Prometheus does', async () => {
    await using simulation = await Simulation.open(1);
    const target = new SimulatedTarget('app');
    target.serve('/a', 1, 0.1);
    const relabelled = {
      ...target.scrape(),
      samples: target.scrape().samples.map((sample) => ({
        ...sample,
        labels: { ...sample.labels, job: 'own', empty: '' },
      })),
    };
    target.scrape = () => relabelled;
    const spout = await simulation.spout('spout', 5_000, [target]);
    await spout.poll(never);
    const [sample] = (await written(simulation)).filter(({ type }) => type === 'MetricRecord');
    expect(sample?.labels).toEqual({
      exported_job: 'own',
      instance: 'app:80',
      job: 'app',
      route: '/a',
      service: 'app',
    });
    expect(sample?.key).toBe(
      'http_request_duration_seconds{exported_job="own",instance="app:80",job="app",route="/a",service="app"}',
    );
  });

  test('says once that a target is down, and once that it is up again', async () => {
    await using simulation = await Simulation.open(1);
    const target = new SimulatedTarget('app');
    const spout = await simulation.spout('spout', 5_000, [target]);
    for (const down of [null, 'it is down', 'it is down', null, null]) {
      simulation.now += 5_000;
      target.down = down;
      await spout.poll(never);
    }
    expect(simulation.said).toEqual(['warn target app: it is down', 'info target app is up again']);
    expect(await watermarks(simulation)).toEqual([-5 * MINUTE, 5_000, 5_000, 5_000, 20_000, 25_000]);
  });

  test('goes on without a target that is silent for more than three of its intervals', async () => {
    await using simulation = await Simulation.open(1);
    const targets = [new SimulatedTarget('up'), new SimulatedTarget('down')];
    const spout = await simulation.spout('spout', 5_000, targets);
    for (let n = 1; n <= 6; n++) {
      simulation.now = EPOCH + n * 5_000;
      if (targets[1] && n > 1) targets[1].down = 'it is down';
      await spout.poll(never);
    }
    expect(await watermarks(simulation)).toEqual([-5 * MINUTE, 5_000, 5_000, 5_000, 5_000, 25_000, 30_000]);
    expect(spout.down).toEqual([{ what: 'target down', reason: 'it is down' }]);
  });

  test('refuses a target whose clock is far off, and its own clock when it leaps', async () => {
    await using simulation = await Simulation.open(1);
    const target = new SimulatedTarget('app');
    target.serve('/a', 1, 0.1);
    target.clock = EPOCH + 11 * MINUTE;
    const spout = await simulation.spout('spout', 5_000, [target]);
    await spout.poll(never);
    target.clock = null;
    simulation.leap = 11 * MINUTE;
    await spout.poll(never);
    await spout.poll(never);
    expect(simulation.said).toEqual([
      'warn target app: its clock is 660 s apart from ours: set one of them',
      "error this machine's clock leapt by 660 s: set it right, or restart to go on with it",
    ]);
    expect((await written(simulation)).filter(({ type }) => type === 'MetricRecord')).toEqual([]);
    simulation.leap = 0;
    await spout.poll(never);
    expect((await written(simulation)).filter(({ type }) => type === 'MetricRecord')).toHaveLength(1);
  });

  test('goes on, after a long rest, with a watermark that its samples are not too far ahead of', async () => {
    await using simulation = await Simulation.open(1);
    await simulation.spout('spout', 5_000, []);
    const spout = await simulation.spout('spout', 5_000, []);
    simulation.now = EPOCH + 60 * MINUTE;
    await spout.poll(never);
    expect(await watermarks(simulation)).toEqual([-5 * MINUTE, -5 * MINUTE, 55 * MINUTE, 60 * MINUTE]);
  });
});

describe.each(['scraped', 'read from Prometheus'])('a gauge that is %s', (how) => {
  test('is written with its values and their times, and without a start', async () => {
    await using simulation = await Simulation.open(1);
    const target = new SimulatedTarget('app');
    target.processStart = EPOCH;
    target.memory = -1;
    const prometheus = new SimulatedPrometheus(() => simulation.now);
    const spout =
      how === 'scraped'
        ? await simulation.spout('spout', 5_000, [target])
        : await simulation.reading('spout', prometheus);
    for (const memory of [-1, 7.5, 7.5]) {
      simulation.now += 5_000;
      target.memory = memory;
      prometheus.scrape(target);
      simulation.now += 1;
      await spout.poll(never);
    }
    const gauges = (await written(simulation)).filter(({ name }) => name === GAUGE);
    const delay = how === 'scraped' ? 1 : 0;
    expect(
      gauges.map(({ kind, timestamp, startTimestamp, count, sum }) => [
        kind,
        timestamp,
        startTimestamp,
        count,
        sum,
      ]),
    ).toEqual(
      [-1, 7.5, 7.5].map((value, i) => ['gauge', EPOCH + 5_000 * (i + 1) + i + delay, null, 1, value]),
    );
    expect(gauges[0]?.key).toMatch(/^process_resident_memory_bytes\{.*service="app"\}$/);
  });
});
