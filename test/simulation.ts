import { DirectPoller } from '../pipeline/spout/direct-poller.js';
import { HistoryPoller } from '../pipeline/spout/history-poller.js';
import type { MetricSource, Scrape, Target } from '../pipeline/spout/metric-source.js';
import type { Poller, Say } from '../pipeline/spout/poller.js';
import type { SampleSource } from '../pipeline/spout/sample-source.js';
import { Spout } from '../pipeline/spout/spout.js';
import type { Codec } from '../platform/codec/codec.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { EventLog } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { temporaryFolder } from './tidemark.js';

export const METRIC = 'http_request_duration_seconds';
export const GAUGE = 'process_resident_memory_bytes';
export const EPOCH = 1_700_000_000_000;

/** A service in simulated time: each route counts requests, and may be down, slow to say so, or restart. */
export class SimulatedTarget {
  readonly target: Target;
  down: string | null = null;
  clock: number | null = null;
  processStart: number | null = null;
  readonly routes = new Map<string, { count: number; sum: number }>();
  /** Value of its one gauge; none without. */
  memory: number | null = null;

  constructor(readonly name: string) {
    this.target = { name, url: `http://${name}:80/metrics` };
  }

  serve(route: string, requests: number, seconds: number): void {
    const total = this.routes.get(route) ?? { count: 0, sum: 0 };
    this.routes.set(route, { count: total.count + requests, sum: total.sum + requests * seconds });
  }

  scrape(): Scrape {
    if (this.down !== null) throw new Error(this.down);
    const samples = [...this.routes].map(([route, total]) => ({
      name: METRIC,
      labels: { route, service: this.name },
      ...total,
      type: 'cumulative' as const,
      buckets: [],
      created: null,
    }));
    const gauge = {
      ...{ name: GAUGE, labels: { service: this.name }, type: 'gauge' as const, count: 1 },
      ...{ sum: this.memory ?? 0, buckets: [], created: null },
    };
    return {
      samples: this.memory === null ? samples : [...samples, gauge],
      processStart: this.processStart,
      clock: this.clock,
    };
  }
}

/** Spouts over a real embedded log, in simulated time. */
export class Simulation implements AsyncDisposable {
  readonly codec: Codec = embeddedCodec();
  readonly said: string[] = [];
  now = EPOCH;
  /** What the clock is off by, against the monotonic one, ms. */
  leap = 0;
  readonly clock = (): number => this.now + this.leap;
  readonly say: Say = (level, message) => void this.said.push(`${level} ${message}`);
  readonly #folder = temporaryFolder();
  readonly #environment = openEnvironment({ path: this.#folder.path, mode: 'write' });
  readonly log: EventLog = lmdbLog(this.#environment, { clock: () => this.now });

  static async open(partitions: number): Promise<Simulation> {
    const simulation = new Simulation();
    await simulation.log.createTopics([
      { name: 'metrics', partitions, retentionMs: null },
      { name: 'targets', partitions: 1, retentionMs: null },
    ]);
    return simulation;
  }

  /** A spout that has started, and scrapes. */
  spout(
    name: string,
    interval: number,
    targets: readonly SimulatedTarget[],
    log: EventLog = this.log,
  ): Promise<Spout> {
    const source: MetricSource = {
      targets: targets.map(({ target }) => target),
      scrape: async ({ name: wanted }) => {
        const found = targets.find((one) => one.name === wanted);
        if (!found) throw new Error(`no target ${wanted}`);
        return found.scrape();
      },
    };
    const { clock, say } = this;
    return this.start(new DirectPoller({ source, interval, clock, say }), { name, interval, log });
  }

  /** A spout that has started, and reads what another scrapes. */
  reading(name: string, source: SampleSource, log: EventLog = this.log): Promise<Spout> {
    const { clock, say } = this;
    const poller = new HistoryPoller({ source, families: [METRIC], gauges: [GAUGE], clock, say });
    return this.start(poller, { name, interval: 5_000, log });
  }

  async start(
    poller: Poller,
    { name, interval, log }: { name: string; interval: number; log: EventLog },
  ): Promise<Spout> {
    const spout = new Spout({
      log,
      codec: this.codec,
      poller,
      name,
      interval,
      clock: this.clock,
      monotonic: () => this.now - EPOCH,
      pause: () => Promise.resolve(),
      say: this.say,
    });
    await spout.start(new AbortController().signal);
    return spout;
  }

  records(): AsyncGenerator<LoggedRecord> {
    return metricsOf(this.log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.close();
    await this.#environment.close();
    this.#folder[Symbol.dispose]();
  }
}

export interface LoggedRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
}

/** Everything in the topic, partition by partition. */
export async function* metricsOf(log: EventLog): AsyncGenerator<LoggedRecord> {
  for (let partition = 0; partition < (await log.partitions('metrics')); partition++) {
    const { end } = await log.range('metrics', partition);
    const reader = log.read('metrics', partition, 0);
    while (reader.position < end) {
      const batch = await reader.pull({ waitMs: 100 });
      while (batch?.advance()) {
        const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
        const value = Buffer.from(bytes.subarray(valueStart, valueEnd));
        yield { partition, key: bytes.toString('utf8', keyStart, keyEnd), value };
      }
    }
    await reader.close();
  }
}
