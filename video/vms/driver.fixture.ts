import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import type { Line, Lines } from '../../platform/telemetry/lines.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { Folders } from '../jobs/folders.js';
import { videoTopics } from '../jobs/topics.js';
import { Directory } from './directory.js';
import type { Video } from './records.js';
import { noLimits } from './usage.js';
import { createVms, type Vms, type VmsOptions } from './vms.js';

export const NOW = 1_700_000_000_000;
export const DAY = 24 * 3_600_000;
export const UPLOAD_LIMIT = 1_000_000;
export const ada = { name: 'Ada', email: 'ada@example.org', password: 'secret: with colon' };

export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

export const basic = (email: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`,
});

/** Bytes that begin as an mp4 does. */
export const mp4 = (size = 100): Buffer =>
  Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(size, 'm')]).subarray(0, size);

/** A video as the store holds it. */
export const video = (more: Partial<Video> = {}): Video => ({
  id: 'v',
  name: 'Tides',
  author: 'Ada',
  owner: 'u',
  state: 'uploaded',
  createdAt: '2023-11-14T22:13:20.000Z',
  upload: 'up',
  uploadedAt: NOW,
  endedAt: null,
  bytes: 0,
  progress: 0,
  encoding: null,
  reason: null,
  ...more,
});

/** The store, the log and the folders of video management, real ones in a temporary folder. */
export class Driver implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #environment = openEnvironment({ path: this.#folder.path, mode: 'write' });
  readonly store = lmdbStore(this.#environment);
  readonly log = lmdbLog(this.#environment);
  readonly codec = embeddedCodec();
  readonly folders = new Folders(join(this.#folder.path, 'videos'));
  readonly directory = new Directory(this.store);
  /** What was warned of. */
  readonly said: string[] = [];
  /** Lines that are no warnings, with their messages. */
  readonly told: (Line & { readonly message: string })[] = [];
  readonly lines: Lines = {
    info: (line, message) => void this.told.push({ ...line, message }),
    warn: (_, message) => void this.said.push(message),
  };

  static async open(partitions = 1): Promise<Driver> {
    const driver = new Driver();
    for (const folder of driver.folders.all) mkdirSync(folder, { recursive: true });
    const names = [videoTopics.jobs, videoTopics.events, videoTopics.deadLetter];
    await driver.log.createTopics(names.map((name) => ({ name, partitions, retentionMs: null })));
    return driver;
  }

  vms({ registry = new Registry(), store = this.store, ...more }: Partial<VmsOptions> = {}): Vms {
    const { log, codec, folders } = this;
    let ids = 0;
    return createVms({
      ...{ store, log, codec, folders, registry, pause },
      replica: 'one',
      uploadLimit: UPLOAD_LIMIT,
      most: noLimits,
      sweepAfter: 60_000,
      abandonAfter: DAY,
      keepFailed: DAY,
      clock: () => NOW,
      monotonic: () => performance.now(),
      newId: () => `id-${++ids}`,
      newRequestId: () => 'made',
      lines: this.lines,
      ...more,
    });
  }

  /** All values of one partition of a topic, as they are decoded. */
  async records(topic: string, partition = 0): Promise<readonly unknown[]> {
    const reader = this.log.read(topic, partition, 0);
    const all: unknown[] = [];
    for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 })) {
      while (batch.advance())
        all.push(
          this.codec.decode(Buffer.from(batch.bytes.subarray(batch.valueStart, batch.valueEnd))).value,
        );
    }
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.close();
    await this.#environment.close();
    this.#folder[Symbol.dispose]();
  }
}
