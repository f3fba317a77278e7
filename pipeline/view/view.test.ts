import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { type Codec, CodecError } from '../../platform/codec/codec.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { alertOf as alert, NOW } from './alert.fixture.js';
import { createView, type View } from './view.js';

const codec = embeddedCodec();
const MINUTE = 60_000;
const PARTITIONS = 2;

const window = (route: string, end: number): WindowRecord => ({
  metric: 'm',
  selection: 's',
  group: { route },
  start: end - 10_000,
  end,
  requests: 1,
  latencySum: 1,
  errors: 0,
  requestRate: 0.1,
  errorRatio: 0,
  meanLatency: 1,
  samples: 1,
  covered: true,
  buckets: null,
  max: null,
});

/** Tries again at once; heartbeats keep their time. */
const hasty = (ms: number, signal: AbortSignal): Promise<void> => pause(ms < 3_000 ? 1 : ms, signal);

const onFatal = (error: unknown): never => expect.unreachable(String(error));

describe('view', () => {
  let log: EventLog;
  let view: View;
  let close: () => Promise<void>;
  let now = NOW;
  /** How often the codec cannot look up a schema. */
  let outages = 0;
  const failing: Codec = {
    ...codec,
    load: async (id) => {
      if (outages-- > 0) throw new CodecError('Unavailable', 'the registry is down');
      return codec.load(id);
    },
  };

  beforeEach(async () => {
    const folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    now = NOW;
    log = lmdbLog(environment, { clock: () => now });
    const topics = ['alerts', 'windows'].map((name) => ({ name, partitions: PARTITIONS, retentionMs: null }));
    await log.createTopics(topics);
    outages = 0;
    view = createView({
      log,
      codec: failing,
      clock: () => now,
      pause: hasty,
      warn: () => undefined,
      onFatal,
    });
    close = async () => {
      await view.close();
      await log.close();
      await environment.close();
      folder[Symbol.dispose]();
    };
  });
  afterEach(() => close());

  const append = (partition: number, record: AlertRecord | WindowRecord): Promise<number> => {
    const [topic, value] =
      'fingerprint' in record
        ? ['alerts', codec.encode('AlertRecord', record)]
        : ['windows', codec.encode('WindowRecord', record)];
    return log.append({ topic, partition, records: [{ key: null, value }] });
  };
  const get = async (path: string): Promise<unknown> => (await view.app.request(path)).json();
  const ids = async (path: string): Promise<string[]> =>
    ((await get(path)) as AlertRecord[]).map(({ id }) => id);

  /** Reads events until there are as many records; then goes away. */
  async function events(
    path: string,
    many: number,
    headers = {},
  ): Promise<{ id: string; data: AlertRecord }[]> {
    const answer = await view.app.request(path, { headers });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const found: { id: string; data: AlertRecord }[] = [];
    let rest = '';
    while (found.length < many) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) break;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, data, id] = /^data: (.*)\nid: (.*)$/s.exec(block) ?? [];
        if (data !== undefined && id !== undefined) found.push({ id, data: JSON.parse(data) });
      }
    }
    await reader?.cancel();
    return found;
  }

  test('is ready as long as the log can be read', async () => {
    let down = false;
    const range: EventLog['range'] = (...at) =>
      down ? Promise.reject(new LogError('Unavailable', 'no broker answers')) : log.range(...at);
    const options = { codec, clock: () => now, pause: hasty, warn: () => undefined, onFatal };
    const one = createView({ log: { ...log, range }, ...options });
    expect(await one.ready()).toBe(true);
    down = true;
    expect(await one.ready()).toBe(false);
  });

  test('asks a log that does not answer once, however often it is asked whether it is ready', async () => {
    let asked = 0;
    const range: EventLog['range'] = () => {
      asked++;
      return new Promise(() => undefined);
    };
    const options = { codec, clock: () => now, warn: () => undefined, onFatal };
    const one = createView({ log: { ...log, range }, ...options, pause: (_, signal) => pause(1, signal) });
    expect(await Promise.all([one.ready(), one.ready()])).toEqual([false, false]);
    expect(await one.ready()).toBe(false);
    expect(asked).toBe(1);
  });

  test('lists one alert per fingerprint, pending and firing alone, firing first', async () => {
    await append(0, alert('/a', 'pending'));
    await append(0, alert('/a', 'firing'));
    await append(1, alert('/b', 'firing'));
    await append(1, alert('/b', 'resolved'));
    await append(1, alert('/c', 'pending'));
    await view.start();
    expect(await ids('/api/v1/alerts')).toEqual([`/a firing ${NOW}`, `/c pending ${NOW}`]);
    await append(0, alert('/a', 'resolved'));
    await expect.poll(() => ids('/api/v1/alerts')).toEqual([`/c pending ${NOW}`]);
  });

  test('gives transitions since a duration or a time, in order of time over all partitions', async () => {
    await append(0, alert('/a', 'firing', NOW - 90 * MINUTE));
    now = NOW + 60 * MINUTE;
    await append(1, alert('/b', 'firing', now - 20 * MINUTE));
    await append(0, alert('/a', 'resolved', now - 30 * MINUTE));
    const expected = [`/a resolved ${now - 30 * MINUTE}`, `/b firing ${now - 20 * MINUTE}`];
    expect(await ids('/api/v1/alerts?since=45m')).toEqual(expected);
    const time = new Date(now - 45 * MINUTE).toISOString();
    expect(await ids(`/api/v1/alerts?since=${time}`)).toEqual(expected);
    expect(await ids('/api/v1/alerts?since=1d')).toHaveLength(3);
  });

  test('gives the windows of the last five minutes unless told otherwise', async () => {
    await append(0, window('/a', NOW - 10 * MINUTE));
    await append(1, window('/b', NOW - MINUTE));
    const groups = async (path: string): Promise<unknown[]> =>
      ((await get(path)) as WindowRecord[]).map(({ group }) => group.route);
    expect(await groups('/api/v1/windows')).toEqual(['/b']);
    expect(await groups('/api/v1/windows?since=15m')).toEqual(['/a', '/b']);
  });

  test('streams what comes, and resumes without gap or repeat', async () => {
    await append(0, alert('/old', 'firing'));
    const first = events('/api/v1/alerts/stream?since=1h', 2);
    await append(1, alert('/a', 'firing'));
    const seen = await first;
    expect(seen.map(({ data }) => data.fingerprint).sort()).toEqual(['/a', '/old']);
    await append(0, alert('/b', 'firing'));
    await append(1, alert('/c', 'firing'));
    const resumed = await events('/api/v1/alerts/stream', 2, { 'last-event-id': seen.at(-1)?.id });
    expect(resumed.map(({ data }) => data.fingerprint).sort()).toEqual(['/b', '/c']);
  });

  test('gives a position before the first record, so that nothing is missed where that is cut off', async () => {
    await append(0, alert('/old', 'firing'));
    const answer = await view.app.request('/api/v1/alerts/stream');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const id = /^id: (.*)$/m.exec((await reader?.read())?.value ?? '')?.[1];
    await reader?.cancel();
    await append(0, alert('/a', 'firing'));
    const resumed = await events('/api/v1/alerts/stream', 1, { 'last-event-id': id });
    expect(resumed.map(({ data }) => data.fingerprint)).toEqual(['/a']);
  });

  test('goes on at the end where the position is of a longer log', async () => {
    await append(0, alert('/old', 'firing'));
    const answer = await view.app.request('/api/v1/alerts/stream', {
      headers: { 'last-event-id': '700.700' },
    });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('id: 1.0\n');
    await reader?.cancel();
  });

  test('passes over what nobody can read', async () => {
    await log.append({ topic: 'alerts', partition: 0, records: [{ key: null, value: Buffer.from('junk') }] });
    await append(0, alert('/a', 'firing'));
    expect((await events('/api/v1/alerts/stream?since=1h', 1)).map(({ data }) => data.fingerprint)).toEqual([
      '/a',
    ]);
  });

  test.each([
    ['/api/v1/alerts?since=soon', 'since is "soon": give a duration like 1h'],
    ['/api/v1/windows?since=', 'since is ""'],
    ['/api/v1/alerts/stream?lastEventId=1', 'Last-Event-ID is none of this stream'],
    ['/api/v1/windows/stream?since=yesterday', 'since is "yesterday"'],
  ])('refuses %s', async (path, detail) => {
    const answer = await view.app.request(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(((await answer.json()) as { detail: string }).detail).toContain(detail);
  });

  test('waits for a schema that cannot be looked up now where it follows, and says so where it is asked', async () => {
    await append(0, alert('/a', 'firing'));
    outages = 2;
    await view.start();
    expect(await ids('/api/v1/alerts')).toEqual([`/a firing ${NOW}`]);
    outages = 2;
    expect(await events('/api/v1/alerts/stream?since=1h', 1)).toHaveLength(1);
    outages = 1;
    const answer = await view.app.request('/api/v1/alerts?since=1h');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await ids('/api/v1/alerts?since=1h')).toHaveLength(1);
  });

  test('ends its streams when it closes', async () => {
    const stream = events('/api/v1/alerts/stream', 1);
    await view.close();
    expect(await stream).toEqual([]);
  });
});
