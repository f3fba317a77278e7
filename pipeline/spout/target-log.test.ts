import { describe, expect, test } from 'vitest';
import type { EventLog } from '../../platform/log/event-log.js';
import type { TargetStates } from '../../schemas/types.js';
import { SimulatedPrometheus } from '../../test/simulated-prometheus.js';
import { EPOCH, SimulatedTarget, Simulation } from '../../test/simulation.js';
import { watermarks } from './written.fixture.js';

const never = new AbortController().signal;

/** What was told, once there is as much. */
async function told({ log, codec }: Simulation, many: number): Promise<TargetStates[]> {
  await expect.poll(async () => (await log.range('targets', 0)).end).toBe(many);
  const reader = log.read('targets', 0, 0);
  const found: TargetStates[] = [];
  while (reader.position < many) {
    const batch = await reader.pull({ waitMs: 0 });
    while (batch?.advance()) {
      const decoded = codec.decode(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
      if (decoded.type === 'TargetStates') found.push(decoded.value);
    }
  }
  await reader.close();
  return found;
}

describe('a spout tells after each poll how its targets are', () => {
  test('that it scrapes: when each was scraped well, and why it was not', async () => {
    await using simulation = await Simulation.open(1);
    const [fine, flaky, dead] = ['fine', 'flaky', 'dead'].map((name) => new SimulatedTarget(name));
    const targets = [fine, flaky, dead] as SimulatedTarget[];
    if (dead) dead.down = 'it is down';
    const spout = await simulation.spout('spout', 5_000, targets);
    for (let n = 1; n <= 2; n++) {
      simulation.now = EPOCH + n * 5_000;
      if (flaky) flaky.down = n === 2 ? 'it is slow' : null;
      await spout.poll(never);
      await told(simulation, n);
    }
    const at = (name: string, lastScrape: number | null, problem: string | null) => ({
      ...{ job: name, instance: `${name}:80`, lastScrape, problem },
    });
    expect(await told(simulation, 2)).toEqual([
      {
        ...{ timestamp: EPOCH + 5_000, source: 'spout' },
        targets: [
          at('fine', EPOCH + 5_000, null),
          at('flaky', EPOCH + 5_000, null),
          at('dead', null, 'it is down'),
        ],
      },
      {
        ...{ timestamp: EPOCH + 10_000, source: 'spout' },
        targets: [
          at('fine', EPOCH + 10_000, null),
          at('flaky', EPOCH + 5_000, 'it is slow'),
          at('dead', null, 'it is down'),
        ],
      },
    ]);
  });

  test('that Prometheus scrapes; and nothing while Prometheus itself does not answer', async () => {
    await using simulation = await Simulation.open(1);
    const prometheus = new SimulatedPrometheus(() => simulation.now, false);
    const [b, a] = [new SimulatedTarget('b'), new SimulatedTarget('a')];
    const spout = await simulation.reading('spout', prometheus);
    const poll = async (second: number): Promise<void> => {
      simulation.now = EPOCH + second * 1_000;
      await spout.poll(never);
    };
    for (const target of [b, a]) prometheus.scrape(target);
    await poll(1);
    await told(simulation, 1);
    prometheus.down = 'it is down';
    await poll(2);
    prometheus.down = null;
    simulation.now = EPOCH + 15_000;
    a.down = 'it is down';
    for (const target of [b, a]) prometheus.scrape(target);
    await poll(16);
    const [first, last] = await told(simulation, 2);
    expect(first?.targets.map(({ job, problem }) => [job, problem])).toEqual([
      ['a', null],
      ['b', null],
    ]);
    expect(last?.targets).toEqual([
      expect.objectContaining({ job: 'a', lastScrape: EPOCH, problem: 'it does not answer Prometheus' }),
      expect.objectContaining({ job: 'b', lastScrape: EPOCH + 15_000, problem: null }),
    ]);
  });

  test('without holding up the metrics where it cannot, which is said once, and when it can again', async () => {
    await using simulation = await Simulation.open(1);
    let fails = true;
    const refusing: EventLog = {
      ...simulation.log,
      append: (given) => (fails ? Promise.reject(new Error('no right')) : simulation.log.append(given)),
    };
    const spout = await simulation.spout('spout', 5_000, [new SimulatedTarget('app')], refusing);
    for (let n = 1; n <= 3; n++) {
      simulation.now = EPOCH + n * 5_000;
      fails = n < 3;
      await spout.poll(never);
    }
    await told(simulation, 1);
    await expect
      .poll(() => simulation.said)
      .toEqual(['warn telling how the targets are: no right', 'info how the targets are is told again']);
    expect(await watermarks(simulation)).toEqual([-300_000, 5_000, 10_000, 15_000]);
  });
});
