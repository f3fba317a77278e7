import { describe, expect, test } from 'vitest';
import { counted, judge, stamps } from './judging.js';
import { SimulatedPrometheus } from './simulated-prometheus.js';
import { EPOCH, SimulatedTarget, Simulation } from './simulation.js';

const SECOND = 1000;
const never = new AbortController().signal;
const fine = { late: 0, skewed: 0, bad: 0, out_of_order: 0, superseded: 0, duplicate: 0, overflow: 0 };

describe.each([
  ['2.x', true],
  ['3.x', false],
])('a spout that reads a Prometheus like %s', (_, closed) => {
  test('loses nothing and doubles nothing: targets of many intervals, outages, births, restarts', async () => {
    await using simulation = await Simulation.open(4);
    const prometheus = new SimulatedPrometheus(() => simulation.now, closed);
    const targets = ['a', 'b', 'c'].map((name) => new SimulatedTarget(name));
    const [steady, flaky, slow] = targets as [SimulatedTarget, SimulatedTarget, SimulatedTarget];
    for (const target of targets) target.processStart = EPOCH;
    for (const target of [steady, flaky]) prometheus.scrape(target);
    let spout = await simulation.reading('spout', prometheus);
    let before = 0;
    for (let second = 1; second <= 1500; second++) {
      simulation.now = EPOCH + second * SECOND;
      // Right after a scrape, so that nothing it counted is lost with it.
      if (second === 601) {
        before = steady.routes.get('/a')?.count ?? 0;
        steady.routes.clear();
        steady.processStart = simulation.now - 200;
      }
      if (second < 1200) {
        for (const [i, target] of targets.entries()) target.serve('/a', 1 + ((second * (i + 3)) % 7), 0.1);
        // A route that nobody asked for before, born between two scrapes.
        if (second > 300) for (const target of targets) target.serve('/new', 2, 0.25);
      }
      flaky.down = second % 40 === 37 ? 'it did not answer in time' : null;
      if (second % 5 === 0) prometheus.scrape(steady, second % 3 === 0 ? 1500 : 0);
      if (second % 5 === 2) prometheus.scrape(flaky);
      if (second % 60 === 17) prometheus.scrape(slow, 7_000);
      // The spout stands still for a while, and is restarted now and then; Prometheus fails at times.
      prometheus.down = second % 50 < 6 ? 'it is down' : null;
      if (second % 5 === 4 && !(second > 700 && second < 900)) await spout.poll(never);
      if (second % 333 === 0) spout = await simulation.reading('spout', prometheus);
    }
    const all = await stamps(simulation);
    expect(new Set(all).size).toBe(all.length);
    const { totals, account } = await judge(simulation);
    expect(account).toMatchObject(fine);
    const expected = counted(targets);
    const after = steady.routes.get('/a')?.count ?? 0;
    expect(totals).toEqual({
      ...expected,
      'a /a': { requests: expect.closeTo(before + after, 6), latencySum: expect.any(Number) },
      'a /new': expect.anything(),
    });
  });

  test('catches up after hours, in steps that keep samples near the watermark before them', async () => {
    await using simulation = await Simulation.open(2);
    const prometheus = new SimulatedPrometheus(() => simulation.now, closed);
    const target = new SimulatedTarget('app');
    target.processStart = EPOCH;
    let spout = await simulation.reading('spout', prometheus);
    await spout.poll(never);
    for (let second = 15; second <= 7_200; second += 15) {
      simulation.now = EPOCH + second * SECOND;
      if (second < 7_000) target.serve('/a', 3, 0.1);
      // It is away for half an hour itself.
      if (second < 3_000 || second > 4_800) prometheus.scrape(target);
      if (second < 60) await spout.poll(never);
    }
    spout = await simulation.reading('spout', prometheus);
    await spout.poll(never);
    const { account } = await judge(simulation);
    expect(account).toMatchObject(fine);
    const all = await stamps(simulation);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(199 + 160);
    let least = EPOCH;
    for await (const { partition, value } of simulation.records()) {
      const { type, value: record } = simulation.codec.decode(value);
      if (type !== 'Watermark' || partition !== 0) continue;
      expect(record.timestamp - least).toBeLessThanOrEqual(300_000);
      least = record.timestamp;
    }
    expect(spout.watermark).toBe(EPOCH + 7_200_000);
  });
});

test('what Prometheus does not answer is said once, and the watermark stands still', async () => {
  await using simulation = await Simulation.open(1);
  const prometheus = new SimulatedPrometheus(() => simulation.now);
  const spout = await simulation.reading('spout', prometheus);
  prometheus.down = 'it answered in part: a store is down';
  for (let i = 0; i < 3; i++) {
    simulation.now += 5 * SECOND;
    await spout.poll(never);
  }
  expect(spout.watermark).toBe(EPOCH - 300_000);
  expect(spout.down).toEqual([{ what: 'Prometheus', reason: 'it answered in part: a store is down' }]);
  prometheus.down = null;
  await spout.poll(never);
  expect(spout.watermark).toBe(simulation.now);
  expect(simulation.said).toEqual([
    'warn Prometheus: it answered in part: a store is down',
    'info Prometheus is up again',
  ]);
});

test('a target holds where it was scraped well, for three of its intervals', async () => {
  await using simulation = await Simulation.open(1);
  const prometheus = new SimulatedPrometheus(() => simulation.now);
  const [up, down] = [new SimulatedTarget('up'), new SimulatedTarget('down')];
  const spout = await simulation.reading('spout', prometheus);
  const watermarks: (number | null)[] = [];
  for (let n = 1; n <= 7; n++) {
    simulation.now = EPOCH + n * 5 * SECOND;
    if (n > 2) down.down = 'it is down';
    for (const target of [up, down]) prometheus.scrape(target);
    simulation.now += SECOND;
    await spout.poll(never);
    watermarks.push((spout.watermark ?? 0) - EPOCH);
  }
  expect(watermarks).toEqual([5_000, 10_000, 10_000, 10_000, 25_000, 30_000, 35_000]);
  expect(simulation.said).toEqual(['warn target down down:80: it does not answer Prometheus']);
});

test('a Prometheus whose clock is far off is refused', async () => {
  await using simulation = await Simulation.open(1);
  const spout = await simulation.reading('spout', new SimulatedPrometheus(() => simulation.now + 660_000));
  await spout.poll(never);
  expect(spout.watermark).toBe(EPOCH - 300_000);
  expect(simulation.said).toEqual(['warn Prometheus: its clock is 660 s apart from ours: set one of them']);
});

describe('what a target counted before its first scrape', () => {
  test('counts where a spout took over before that scrape', async () => {
    await using simulation = await Simulation.open(2);
    const prometheus = new SimulatedPrometheus(() => simulation.now);
    const target = new SimulatedTarget('app');
    target.processStart = EPOCH - SECOND;
    await (await simulation.reading('spout', prometheus)).poll(never);
    simulation.now += SECOND;
    target.serve('/a', 7, 0.1);
    const heir = await simulation.reading('spout', prometheus);
    for (let n = 1; n <= 5; n++) {
      simulation.now += 5 * SECOND;
      prometheus.scrape(target);
      await heir.poll(never);
      target.serve('/a', n < 3 ? 5 : 0, 0.1);
    }
    const { totals, account } = await judge(simulation);
    expect(account).toMatchObject(fine);
    expect(totals).toEqual(counted([target]));
  });

  test.each(['its target', 'a series'])(
    'counts where the first scrape of %s comes while the spout asks',
    async (what) => {
      await using simulation = await Simulation.open(2);
      const prometheus = new SimulatedPrometheus(() => simulation.now);
      const target = new SimulatedTarget('app');
      target.processStart = EPOCH;
      const spout = await simulation.reading('spout', prometheus);
      if (what === 'a series') prometheus.scrape(target);
      await spout.poll(never);
      target.serve('/a', 7, 0.1);
      // It begins before the poll, and comes between any two questions of it.
      for (let questions = 1; questions <= 6; questions++) {
        simulation.now += 5 * SECOND;
        target.serve(`/${questions}`, 7, 0.1);
        prometheus.scrape(target, questions);
        prometheus.between = () => {
          simulation.now++;
        };
        await spout.poll(never);
        prometheus.between = () => undefined;
      }
      for (let n = 0; n < 3; n++) {
        simulation.now += 5 * SECOND;
        prometheus.scrape(target);
        await spout.poll(never);
      }
      const { totals, account } = await judge(simulation);
      expect(account).toMatchObject(fine);
      expect(totals).toEqual(counted([target]));
    },
  );
});
