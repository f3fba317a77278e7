import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import type { AlertRecord, DeadLetter } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { NOW } from '../follow/alert.fixture.js';
import type { Result } from './handover.js';
import type { MarkedNotice, Notice } from './notice.js';
import { Notifier } from './notifier.js';
import type { Outcome, Receiver } from './receiver.js';

const codec = embeddedCodec();
const TOPICS = ['alerts', 'windows', 'dead-letter'];
export const MINUTE = 60_000;

/** A time that passes as it is told to, and whoever waits for it. */
export class FakeTime {
  now = NOW;
  readonly #waiting = new Set<{ readonly at: number; readonly wake: () => void }>();

  readonly pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const one = {
        at: this.now + ms,
        wake: () => {
          this.#waiting.delete(one);
          signal.removeEventListener('abort', one.wake);
          resolve();
        },
      };
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', one.wake);
      this.#waiting.add(one);
    });

  /** From now until those who wait are woken, ms, the soonest first. */
  get waits(): number[] {
    return [...this.#waiting].map(({ at }) => at - this.now).sort((a, b) => a - b);
  }

  pass(ms: number): void {
    this.now += ms;
    for (const one of [...this.#waiting]) if (one.at <= this.now) one.wake();
  }
}

/** A receiver that answers as it is told to, and remembers what it took: `STATUS FINGERPRINT`. */
export class FakeReceiver implements Receiver {
  readonly took: string[] = [];
  /** How often it was asked. */
  asked = 0;
  /** Of what it was told last. */
  marks: readonly MarkedNotice['marks'][] = [];
  answer: (notices: readonly Notice[]) => Outcome = () => ({ kind: 'accepted' });

  constructor(
    readonly name: string,
    readonly forgetful = false,
    readonly marked = false,
  ) {}

  send(notices: readonly MarkedNotice[]): Promise<Outcome> {
    this.asked++;
    this.marks = notices.map(({ marks }) => marks);
    const outcome = this.answer(notices);
    if (outcome.kind === 'accepted')
      for (const { status, labels, fingerprint } of notices)
        this.took.push(labels.route === undefined ? (labels.alertname ?? '') : `${status} ${fingerprint}`);
    return Promise.resolve(outcome);
  }

  down(): void {
    this.answer = () => ({ kind: 'failed', detail: 'it is down' });
  }

  up(): void {
    this.answer = () => ({ kind: 'accepted' });
  }
}

/** Alerts in an embedded log, and a notifier that can be stopped and started. */
export class Driver implements AsyncDisposable {
  readonly time = new FakeTime();
  readonly said: string[] = [];
  readonly counted = new Map<string, number>();
  readonly #folder = temporaryFolder();
  readonly #environment = openEnvironment({ path: this.#folder.path, mode: 'write' });
  readonly log = lmdbLog(this.#environment, { clock: () => this.time.now });
  readonly store = lmdbStore(this.#environment, { clock: () => this.time.now });
  notifier: Notifier | null = null;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  static async create(): Promise<Driver> {
    const driver = new Driver();
    await driver.log.createTopics(TOPICS.map((name) => ({ name, partitions: 1, retentionMs: null })));
    return driver;
  }

  start(...receivers: readonly Receiver[]): void {
    this.#stop = new AbortController();
    this.notifier = new Notifier({
      ...{ log: this.log, codec, store: this.store, receivers, interval: MINUTE, staleAfter: 10 * MINUTE },
      ...{ pause: this.time.pause, clock: () => this.time.now, random: () => 0.5 },
      say: (level, message) => void this.said.push(`${level} ${message}`),
      count: (receiver: string, result: Result, notices: number) => {
        const key = `${receiver} ${result}`;
        this.counted.set(key, (this.counted.get(key) ?? 0) + notices);
      },
    });
    this.#running = this.notifier.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async happens(...records: readonly AlertRecord[]): Promise<void> {
    const values = records.map((record) => ({ key: null, value: codec.encode('AlertRecord', record) }));
    await this.log.append({ topic: 'alerts', partition: 0, records: values });
  }

  async windowCloses(): Promise<void> {
    await this.log.append({ topic: 'windows', partition: 0, records: [{ key: null, value: Buffer.of(0) }] });
  }

  async deadLetters(): Promise<DeadLetter[]> {
    const reader = this.log.read('dead-letter', 0, 0);
    const letters: DeadLetter[] = [];
    for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 }))
      while (batch.advance()) {
        const decoded = codec.decode(Buffer.from(batch.bytes.subarray(batch.valueStart, batch.valueEnd)));
        if (decoded.type === 'DeadLetter') letters.push(decoded.value);
      }
    await reader.close();
    return letters;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.log.close();
    await this.#environment.close();
    this.#folder[Symbol.dispose]();
  }
}
