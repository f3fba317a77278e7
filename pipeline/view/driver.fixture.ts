import { expect } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import type { RecordName } from '../../schemas/index.js';
import type { RecordTypes, WindowRecord } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { NOW } from '../follow/alert.fixture.js';
import type { Access } from './guard.js';
import { createView, type View } from './view.js';

export const PARTITIONS = 2;
export const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const codec = embeddedCodec();

export const windowOf = (route: string, end: number): WindowRecord => ({
  ...{ metric: 'm', selection: 's', group: { route }, start: end - 10_000, end },
  ...{ requests: 1, latencySum: 1, errors: 0, requestRate: 0.1, errorRatio: 0, meanLatency: 1 },
  ...{ samples: 1, covered: true, buckets: null, max: null },
});

/** Topics in an embedded log, and a view of them. */
export class Driver implements AsyncDisposable {
  now = NOW;
  readonly #folder = temporaryFolder();
  readonly #environment = openEnvironment({ path: this.#folder.path, mode: 'write' });
  readonly log = lmdbLog(this.#environment, { clock: () => this.now });
  readonly view: View;

  private constructor(access: Access) {
    this.view = createView({
      ...{ log: this.log, codec, access, pause, retention: DAY },
      store: lmdbStore(this.#environment, { clock: () => this.now }),
      clock: () => this.now,
      monotonic: () => performance.now(),
      warn: () => undefined,
      onFatal: (error) => expect.unreachable(String(error)),
    });
  }

  static async create(access: Access = { kind: 'open' }): Promise<Driver> {
    const driver = new Driver(access);
    const topics = ['alerts', 'windows', 'metrics'].map((name) => ({ name, partitions: PARTITIONS }));
    await driver.log.createTopics(
      [...topics, { name: 'rules', partitions: 1 }, { name: 'targets', partitions: 1 }].map((one) => ({
        ...one,
        retentionMs: null,
      })),
    );
    return driver;
  }

  async append<N extends RecordName>(
    [topic, partition]: readonly [string, number],
    name: N,
    ...records: readonly RecordTypes[N][]
  ): Promise<void> {
    const values = records.map((record) => ({ key: null, value: codec.encode(name, record) }));
    await this.log.append({ topic, partition, records: values });
  }

  request(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return Promise.resolve(this.view.app.request(`/api/v1${path}`, { headers }));
  }

  /** Its JSON. The caller knows what it asked for. */
  async get<T>(path: string): Promise<T> {
    return (await (await this.request(path)).json()) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.view.close();
    await this.log.close();
    await this.#environment.close();
    this.#folder[Symbol.dispose]();
  }
}
