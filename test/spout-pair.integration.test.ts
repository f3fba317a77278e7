import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { HistoryPoller } from '../pipeline/spout/history-poller.js';
import { Spout } from '../pipeline/spout/spout.js';
import { runActive } from '../pipeline/stage/active.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import type { EventLog } from '../platform/log/event-log.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import { prometheus } from '../platform/scrape/prometheus.js';
import { Lease } from '../platform/store/lease.js';
import { redisStore } from '../platform/store/redis/store.js';
import { docker, type Server, startKafka, startPrometheus, startRedis } from './containers.js';
import { CountingService } from './counting-service.js';
import { images } from './images.js';
import { judge, promised, stamps } from './judging.js';
import { METRIC } from './simulation.js';

const codec = embeddedCodec();
const LONG = { timeout: 40_000, interval: 50 };
const LEASE_MS = 3_000;
const PARTITIONS = 3;

/** Opens and shuts: whoever passes while it is shut stands still. */
class Gate {
  #open: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;
  /** Appends that stand still. */
  held = 0;

  shut(): void {
    this.#open = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  open(): void {
    this.#release();
  }

  pass(): Promise<void> {
    return this.#open;
  }

  async hold(): Promise<void> {
    this.held++;
    await this.#open;
    this.held--;
  }
}

/** One of the pair, in a process that can be stopped in the middle of a poll as by SIGSTOP. */
class Member {
  readonly said: string[] = [];
  readonly gate = new Gate();
  readonly #stop = new AbortController();
  readonly #store;
  readonly #log: EventLog;
  readonly running: Promise<void>;

  constructor(name: string, { kafka, redis, url }: { kafka: string; redis: string; url: string }) {
    this.#store = redisStore({ url: redis });
    const still = async (ms: number, signal: AbortSignal): Promise<void> => {
      await pause(ms, signal);
      await this.gate.pass();
    };
    const say = (level: string, message: string): void => void this.said.push(`${level} ${message}`);
    const log = open(kafka);
    this.#log = log;
    // It stands still right before its records leave.
    const stoppable: EventLog = {
      ...log,
      writer: async (...at) => {
        const writer = await log.writer(...at);
        return {
          append: async (records) => {
            if (at[2] > 0) await this.gate.hold();
            return writer.append(records);
          },
          close: () => writer.close(),
        };
      },
    };
    const source = prometheus({ url });
    const lease = new Lease({
      store: this.#store,
      key: 'lease/spout',
      owner: name,
      lastsMs: LEASE_MS,
      clock: () => performance.now(),
      pause: still,
    });
    const spout = (): Spout =>
      new Spout({
        log: stoppable,
        codec,
        poller: new HistoryPoller({ source, gauges: [], families: [METRIC], clock: Date.now, say }),
        name: 'pair',
        interval: 500,
        clock: Date.now,
        monotonic: () => performance.now(),
        pause,
        say,
      });
    this.running = runActive({ lease, name: 'spout', make: spout, pause, say }, this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.gate.open();
    await this.running;
    await this.#log.close();
    await this.#store.close();
  }
}

const open = (broker: string): EventLog =>
  kafkaLog({
    brokers: [broker],
    replication: 1,
    warn: () => undefined,
    onFatal: (error) => expect.unreachable(error.message),
  });

describe.skipIf(!docker)('a pair of spouts over Kafka', () => {
  const service = new CountingService();
  const servers: Server[] = [];
  let at: { kafka: string; redis: string; url: string };
  beforeAll(async () => {
    await service.start();
    const scraping = startPrometheus(images.prometheus, [{ job: 'app', port: service.port }]);
    servers.push(...(await Promise.all([startKafka(), startRedis(), scraping])));
    const [kafka, redis, prometheusServer] = servers.map(({ url }) => url);
    at = { kafka: kafka ?? '', redis: redis ?? '', url: prometheusServer ?? '' };
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  test('the standby goes on where the active one stands still, and what that still sends is fenced', async () => {
    const log = open(at.kafka);
    await log.createTopics([
      { name: 'metrics', partitions: PARTITIONS, retentionMs: null },
      { name: 'targets', partitions: 1, retentionMs: null },
    ]);
    service.count('/a', '/b', '/c', '/d');
    const ends = async (): Promise<number> => {
      const ranges = await Promise.all([...Array(PARTITIONS).keys()].map((p) => log.range('metrics', p)));
      return Math.min(...ranges.map(({ end }) => end));
    };
    const grows = async (): Promise<void> => {
      const before = await ends();
      await expect.poll(ends, LONG).toBeGreaterThan(before + 8);
    };
    const first = new Member('first', at);
    await expect.poll(() => first.said.at(-1), LONG).toBe('info this is the active spout');
    const second = new Member('second', at);
    await grows();
    // In the middle of a poll: one partition has it, the others do not.
    first.gate.shut();
    await expect.poll(() => first.gate.held, LONG).toBeGreaterThan(0);
    await expect.poll(() => second.said.at(-1), LONG).toBe('info this is the active spout');
    await grows();
    first.gate.open();
    await expect.poll(() => first.said.at(-1), LONG).toBe('info another spout is active: standing by');
    expect(first.said).toContain('warn another spout took over');
    await grows();
    // And back again, this time in good order.
    await second.stop();
    await expect.poll(() => first.said.at(-1), LONG).toBe('info this is the active spout');
    await grows();
    service.rest();
    const end = Date.now() + 5_000;
    await expect.poll(() => promised({ log, codec }), { ...LONG, interval: 500 }).toBeGreaterThan(end);
    await first.stop();

    const all = await stamps({ log, codec });
    expect(new Set(all).size).toBe(all.length);
    const { totals, account } = await judge({ log, codec }, 'window: 2s, grace: 2s');
    expect(account).toMatchObject({ late: 0, skewed: 0, out_of_order: 0, duplicate: 0, superseded: 0 });
    const requests = Object.entries(totals).map(([group, total]) => [group, Math.round(total.requests)]);
    expect(Object.fromEntries(requests)).toEqual(
      Object.fromEntries([...service.totals].map(([route, count]) => [`app ${route}`, count])),
    );
    await log.close();
  });
});
