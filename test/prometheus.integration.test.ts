import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { HistoryPoller } from '../pipeline/spout/history-poller.js';
import { Spout } from '../pipeline/spout/spout.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { EventLog } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { prometheus } from '../platform/scrape/prometheus.js';
import { docker, type Server, startPrometheus } from './containers.js';
import { CountingService } from './counting-service.js';
import { images } from './images.js';
import { gauges, judge, stamps } from './judging.js';
import { GAUGE, METRIC } from './simulation.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const INTERVAL = 500;
const LONG = { timeout: 40_000, interval: 50 };

/** A spout at work, in a log of its own. */
class Reading implements AsyncDisposable {
  readonly said: string[] = [];
  readonly log: EventLog;
  readonly codec = codec;
  spout: Spout | null = null;
  readonly #folder = temporaryFolder();
  readonly #environment = openEnvironment({ path: this.#folder.path, mode: 'write' });
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #resting: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(readonly server: Server) {
    this.log = lmdbLog(this.#environment);
  }

  async start(): Promise<void> {
    await this.log.createTopics([
      { name: 'metrics', partitions: 2, retentionMs: null },
      { name: 'targets', partitions: 1, retentionMs: null },
    ]);
    const say = (level: string, message: string): void => void this.said.push(`${level} ${message}`);
    const source = prometheus({ url: this.server.url });
    this.#stop = new AbortController();
    this.spout = new Spout({
      log: this.log,
      codec,
      poller: new HistoryPoller({ source, gauges: [GAUGE], families: [METRIC], clock: Date.now, say }),
      name: 'spout',
      interval: INTERVAL,
      clock: Date.now,
      monotonic: () => performance.now(),
      pause: (ms, signal) => this.#resting.then(() => pause(ms, signal)),
      say,
    });
    this.#running = this.spout.run(this.#stop.signal);
  }

  rest(): void {
    this.#resting = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wake();
    await this.stop();
    await this.log.close();
    await this.#environment.close();
    this.#folder[Symbol.dispose]();
  }
}

describe.skipIf(!docker)('a spout that reads a real Prometheus', () => {
  const service = new CountingService();
  const servers: Server[] = [];
  const paths = ['/2', '/3'];
  beforeAll(async () => {
    await service.start();
    const started = [images.prometheus2, images.prometheus].map((image, i) =>
      startPrometheus(image, [{ job: 'app', port: service.port, path: paths[i] ?? '' }]),
    );
    servers.push(...(await Promise.all(started)));
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  /** Each Prometheus has scraped so often more. */
  const scraped = async (more: number): Promise<void> => {
    const least = paths.map((path) => (service.scrapes.get(path) ?? 0) + more);
    const enough = (): boolean =>
      paths.every((path, i) => (service.scrapes.get(path) ?? 0) >= (least[i] ?? 0));
    await expect.poll(enough, LONG).toBe(true);
  };

  test('2.x and 3.x: all that the service counted is in the windows, once', async () => {
    await using two = new Reading(servers[0] as Server);
    await using three = new Reading(servers[1] as Server);
    const both = [two, three];
    service.count('/a');
    await scraped(2);
    for (const one of both) await one.start();
    await scraped(3);
    // A series that is born later.
    service.count('/a', '/late');
    await scraped(3);
    // The spouts stand still, and then go on.
    for (const one of both) one.rest();
    await scraped(6);
    for (const one of both) one.wake();
    await scraped(2);
    // The service is restarted; what it counted until then has been scraped.
    service.rest();
    await scraped(2);
    await service.stop();
    await service.start();
    service.count('/a', '/late', '/after');
    await scraped(2);
    // The spouts are restarted.
    for (const one of both) {
      await one.stop();
      await one.start();
    }
    await scraped(2);
    service.rest();
    await scraped(2);
    const end = Date.now() + 4_000;
    for (const one of both) await expect.poll(() => one.spout?.watermark ?? 0, LONG).toBeGreaterThan(end);
    for (const one of both) await one.stop();

    for (const one of both) {
      const all = await stamps(one);
      expect(new Set(all).size).toBe(all.length);
      const values = await gauges(one, GAUGE);
      expect(values.length).toBeGreaterThan(10);
      expect(new Set(values)).toEqual(new Set([-7.5]));
      const { totals, account } = await judge(one, 'window: 2s, grace: 2s');
      expect(account).toMatchObject({
        late: 0,
        skewed: 0,
        bad: 0,
        out_of_order: 0,
        duplicate: 0,
        superseded: 0,
      });
      const requests = Object.entries(totals).map(([group, total]) => [group, Math.round(total.requests)]);
      expect(Object.fromEntries(requests)).toEqual(
        Object.fromEntries([...service.totals].map(([route, count]) => [`app ${route}`, count])),
      );
      expect(one.said.filter((line) => !line.includes('target app'))).toEqual([]);
    }
  });
});
