import { afterEach, beforeEach, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import type { DeadLetter } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { SharedTopic } from './shared-topic.js';

const codec = embeddedCodec();
/** More than is kept for those who are behind. */
const MANY = 600;
/** Records of about 1 kB. */
const letter: DeadLetter = {
  ...{ reason: 'bad', detail: 'x'.repeat(1_000), topic: 'a', partition: 0, offset: 0, records: 1 },
  ...{ windows: [], key: null, value: null },
};

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

let log: EventLog;
let topic: SharedTopic;
let open = 0;
let most = 0;
const stop = { now: new AbortController() };
let close: () => Promise<void>;

beforeEach(async () => {
  const folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const embedded = lmdbLog(environment);
  await embedded.createTopics([{ name: 'alerts', partitions: 1, retentionMs: null }]);
  [open, most] = [0, 0];
  log = {
    ...embedded,
    read: (...at) => {
      const reader = embedded.read(...at);
      most = Math.max(most, ++open);
      const end = reader.close.bind(reader);
      reader.close = () => {
        open--;
        return end();
      };
      return reader;
    },
  };
  stop.now = new AbortController();
  const patience = { pause, warn: (text: string) => expect.unreachable(text), signal: stop.now.signal };
  topic = new SharedTopic({ log, codec, topic: 'alerts', patience });
  close = async () => {
    stop.now.abort();
    await topic.close();
    await embedded.close();
    await environment.close();
    folder[Symbol.dispose]();
  };
});
afterEach(() => close());

/** Appends so many records; each says which one it is. */
async function append(from: number, count: number): Promise<void> {
  const records = numbers(from, from + count).map((offset) => ({
    key: null,
    value: codec.encode('DeadLetter', { ...letter, offset }),
  }));
  await log.append({ topic: 'alerts', partition: 0, records });
}

/** A client that takes what comes; `held` keeps it from taking more. */
class Client {
  readonly seen: number[] = [];
  readonly left = new AbortController();
  readonly done: Promise<void>;

  constructor(from: number, held: () => Promise<void> = () => Promise.resolve()) {
    this.done = this.#take(from, held);
  }

  async #take(from: number, held: () => Promise<void>): Promise<void> {
    const signal = AbortSignal.any([this.left.signal, stop.now.signal]);
    for await (const { entries } of topic.follow(0, from, signal)) {
      for (const { decoded } of entries) {
        if (decoded.type === 'DeadLetter') this.seen.push(decoded.value.offset);
        await held();
      }
    }
  }

  leave(): Promise<void> {
    this.left.abort();
    return this.done;
  }
}

test('gives each follower all from its offset on, once, over two readers', async () => {
  await append(0, MANY);
  const clients = numbers(0, 12).map((i) => new Client(i * 50));
  await append(MANY, 20);
  for (const [i, client] of clients.entries()) {
    await expect.poll(() => client.seen.length).toBe(MANY + 20 - i * 50);
    expect(client.seen).toEqual(numbers(i * 50, MANY + 20));
  }
  expect(most).toBe(2);
});

test('gives no more at once than is kept, however much there is', async () => {
  await append(0, MANY);
  const pages: number[] = [];
  for await (const { entries } of topic.follow(0, 0, stop.now.signal)) {
    pages.push(entries.length);
    if (entries.length === 0) break;
  }
  expect(pages.reduce((a, b) => a + b)).toBe(MANY);
  expect(Math.max(...pages)).toBeLessThan(MANY / 2);
});

test('who comes after a failure is served, also while one from before has not taken all', async () => {
  await append(0, 2);
  let refuses = true;
  const { read } = log;
  log.read = (name, partition, from) => {
    const reader = read(name, partition, from);
    if (refuses && from === 2) reader.pull = () => Promise.reject(new LogError('Refused', 'no rights'));
    return reader;
  };
  const held = topic.follow(0, 0, stop.now.signal);
  expect((await held.next()).value?.next).toBe(2);
  await expect(new Client(2).done).rejects.toThrow('no rights');
  refuses = false;
  const client = new Client(2);
  await append(2, 1);
  await expect.poll(() => client.seen).toEqual([2]);
  await expect(held.next()).rejects.toThrow('no rights');
});

test('a follower that takes nothing for long holds up nobody, and misses nothing', async () => {
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const [slow, quick] = [new Client(0, () => gate), new Client(0)];
  await append(0, 1);
  await expect.poll(() => slow.seen).toEqual([0]);
  await append(1, MANY);
  await expect.poll(() => quick.seen.length).toBe(MANY + 1);
  expect(slow.seen).toEqual([0]);
  go();
  await expect.poll(() => slow.seen.length).toBe(MANY + 1);
  expect([slow.seen, quick.seen]).toEqual([numbers(0, MANY + 1), numbers(0, MANY + 1)]);
});

test('reads nothing once the last has left, and goes on for who comes then', async () => {
  const first = new Client(0);
  await append(0, 1);
  await expect.poll(() => first.seen).toEqual([0]);
  await first.leave();
  await expect.poll(() => open).toBe(0);
  await append(1, 2);
  const second = new Client(1);
  await expect.poll(() => second.seen).toEqual([1, 2]);
});
