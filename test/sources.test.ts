import { describe, expect, test } from 'vitest';
import { counted, judge } from './judging.js';
import { EPOCH, SimulatedTarget, Simulation } from './simulation.js';

const PARTITIONS = 4;
const SECOND = 1000;
const never = new AbortController().signal;

describe('sources', () => {
  test('of 5 s and of 60 s side by side, and a target that misses single polls: nothing is late, nothing is lost', async () => {
    await using simulation = await Simulation.open(PARTITIONS);
    const [steady, flaky, slow] = ['steady', 'flaky', 'slow'].map((name) => new SimulatedTarget(name));
    const targets = [steady, flaky, slow] as SimulatedTarget[];
    for (const target of targets) target.processStart = EPOCH;
    let quick = await simulation.spout('quick', 5 * SECOND, targets.slice(0, 2));
    const minutely = await simulation.spout('minutely', 60 * SECOND, targets.slice(2));
    await quick.poll(never);
    await minutely.poll(never);
    for (let second = 1; second <= 900; second++) {
      simulation.now = EPOCH + second * SECOND;
      if (second < 600) {
        for (const [i, target] of targets.entries()) target.serve('/a', 1 + ((second * (i + 3)) % 7), 0.1);
        // A route that nobody asked for before, born between two scrapes.
        if (second > 300) for (const target of targets) target.serve('/new', 2, 0.25);
      }
      if (flaky) flaky.down = second % 20 === 15 ? 'it did not answer in time' : null;
      if (second % 5 === 0) await quick.poll(never);
      if (second % 60 === 0) await minutely.poll(never);
      // A restart goes on where the log says it left off.
      if (second === 401) quick = await simulation.spout('quick', 5 * SECOND, targets.slice(0, 2));
    }
    const { totals, account } = await judge(simulation);
    expect(account).toMatchObject({ late: 0, skewed: 0, bad: 0, out_of_order: 0, duplicate: 0, overflow: 0 });
    expect(account.aggregated).toBeGreaterThan(500);
    expect(totals).toEqual(counted(targets));
    expect(simulation.said).toContain('warn target flaky: it did not answer in time');
  });

  test('a target that restarts is counted from its start', async () => {
    await using simulation = await Simulation.open(PARTITIONS);
    const target = new SimulatedTarget('app');
    target.processStart = EPOCH;
    const spout = await simulation.spout('spout', 5 * SECOND, [target]);
    let before = 0;
    for (let second = 1; second <= 120; second++) {
      simulation.now = EPOCH + second * SECOND;
      // Right after a scrape, so that nothing it counted is lost with it.
      if (second === 46) {
        before = target.routes.get('/a')?.count ?? 0;
        target.routes.clear();
        target.processStart = simulation.now - 500;
      }
      if (second < 100) target.serve('/a', 3, 0.1);
      if (second % 5 === 0) await spout.poll(never);
    }
    const { totals, account } = await judge(simulation);
    expect(account).toMatchObject({ late: 0, out_of_order: 0 });
    const after = target.routes.get('/a')?.count ?? 0;
    expect(before).toBe(3 * 45);
    expect(totals['app /a']?.requests).toBeCloseTo(before + after, 6);
  });
});
