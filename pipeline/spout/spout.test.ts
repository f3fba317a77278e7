import { describe, expect, test } from 'vitest';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { EPOCH, SimulatedTarget, Simulation } from '../../test/simulation.js';

const never = new AbortController().signal;
const MINUTE = 60_000;

interface Read {
  readonly partition: number;
  readonly key: string;
  readonly type: string;
  readonly timestamp: number;
  readonly startTimestamp?: number | null;
  readonly count?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

async function written(simulation: Simulation): Promise<Read[]> {
  const all: Read[] = [];
  for await (const { partition, key, value } of simulation.records()) {
    const { type, value: record } = simulation.codec.decode(value);
    all.push({ partition, key, type, ...(record as unknown as Omit<Read, 'partition' | 'key' | 'type'>) });
  }
  return all;
}

const watermarks = async (simulation: Simulation, partition = 0): Promise<number[]> =>
  (await written(simulation))
    .filter((one) => one.type === 'Watermark' && one.partition === partition)
    .map(({ timestamp }) => timestamp - EPOCH);

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

  test('goes on, after a long rest, with a watermark that its samples are not too far ahead of', async () => {
    await using simulation = await Simulation.open(1);
    await simulation.spout('spout', 5_000, []);
    const spout = await simulation.spout('spout', 5_000, []);
    simulation.now = EPOCH + 60 * MINUTE;
    await spout.poll(never);
    expect(await watermarks(simulation)).toEqual([-5 * MINUTE, -5 * MINUTE, 55 * MINUTE, 60 * MINUTE]);
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
