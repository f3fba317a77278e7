import { describe, expect, test } from 'vitest';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { EPOCH, SimulatedTarget, Simulation } from '../../test/simulation.js';
import { watermarks, written } from './written.fixture.js';

const never = new AbortController().signal;
const MINUTE = 60_000;

describe('a spout that writes', () => {
  test('tries an append that failed again, as the same bytes, and says so', async () => {
    await using simulation = await Simulation.open(1);
    const target = new SimulatedTarget('app');
    target.serve('/a', 1, 0.1);
    let failures = 0;
    const tried: string[] = [];
    const { log } = simulation;
    const flaky: EventLog = {
      ...log,
      writer: async (...at) => {
        const writer = await log.writer(...at);
        return {
          ...writer,
          append: async (records) => {
            tried.push(records.map(({ value }) => Buffer.from(value).toString('hex')).join());
            if (failures-- > 0) throw new Error('no room');
            return writer.append(records);
          },
        };
      },
    };
    const spout = await simulation.spout('spout', 5_000, [target], flaky);
    failures = 2;
    tried.length = 0;
    await spout.poll(never);
    expect(new Set(tried).size).toBe(1);
    expect(tried).toHaveLength(3);
    expect(simulation.said).toEqual([
      'error appending metrics: no room; trying again',
      'error appending metrics: no room; trying again',
    ]);
    expect((await written(simulation)).filter(({ type }) => type === 'MetricRecord')).toHaveLength(1);
  });

  test.each([true, false])(
    'an append of which nobody knows the outcome is written once (came through: %s)',
    async (through) => {
      await using simulation = await Simulation.open(1);
      const target = new SimulatedTarget('app');
      target.serve('/a', 1, 0.1);
      const { log } = simulation;
      let unknown = false;
      let opened = 0;
      const cut: EventLog = {
        ...log,
        range: async (...at) => {
          // Looking fails as well, the first time.
          if (opened === 2 && unknown) {
            unknown = false;
            throw new Error('no answer');
          }
          return log.range(...at);
        },
        writer: async (...at) => {
          const writer = await log.writer(...at);
          opened++;
          return {
            ...writer,
            append: async (records) => {
              if (!unknown) return writer.append(records);
              if (through) await writer.append(records);
              throw new LogError('Unknown', 'no answer');
            },
          };
        },
      };
      const spout = await simulation.spout('spout', 5_000, [target], cut);
      unknown = true;
      await spout.poll(never);
      simulation.now += 5_000;
      await spout.poll(never);
      const records = (await written(simulation)).map(({ type, timestamp }) => [type, timestamp - EPOCH]);
      expect(records).toEqual([
        ['Watermark', -5 * MINUTE],
        ['MetricRecord', 0],
        ['Watermark', 0],
        ['MetricRecord', 5_000],
        ['Watermark', 5_000],
      ]);
    },
  );

  test('does not write series with labels beyond the limits: says when that begins and ends, and counts them', async () => {
    await using simulation = await Simulation.open(1);
    const target = new SimulatedTarget('app');
    target.serve('/a', 1, 0.1);
    const spout = await simulation.spout('spout', 5_000, [target]);
    const long = `/${'x'.repeat(1_024)}`;
    target.serve(long, 1, 0.1);
    for (let n = 0; n < 2; n++) {
      await spout.poll(never);
      simulation.now += 5_000;
    }
    target.routes.delete(long);
    await spout.poll(never);
    expect(spout.refused).toBe(2);
    expect(simulation.said.map((text) => text.slice(0, 60))).toEqual([
      'warn 1 series are not written, let their target have fewer o',
      'info all series are written again',
    ]);
    const routes = (await written(simulation)).flatMap(({ labels }) => labels?.route ?? []);
    expect(routes).toEqual(['/a', '/a', '/a']);
  });

  test('ends where another of its name took over, and writes nothing behind it', async () => {
    await using simulation = await Simulation.open(2);
    const target = new SimulatedTarget('app');
    const zombie = await simulation.spout('spout', 5_000, [target]);
    const heir = await simulation.spout('spout', 5_000, [target]);
    simulation.now += 5_000;
    await expect(zombie.poll(never)).rejects.toMatchObject({ code: 'Fenced' });
    await heir.poll(never);
    expect(await watermarks(simulation)).toEqual([-5 * MINUTE, -5 * MINUTE, 5_000]);
  });
});
