import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { type Codec, CodecError } from '../../platform/codec/codec.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import type { Store } from '../../platform/store/store.js';
import type { AlertRecord, TargetState, WindowRecord } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { alertOf as alert, NOW } from '../follow/alert.fixture.js';
import { partitionOf } from '../model/murmur2.js';
import { recompile } from '../sla/compile.js';
import { createView, type View } from './view.js';

const codec = embeddedCodec();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
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
  let store: Store;
  let view: View;
  const kept = () => ({
    store,
    access: { kind: 'open' } as const,
    retention: DAY,
    monotonic: () => performance.now(),
  });
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
    store = lmdbStore(environment, { clock: () => now });
    const topics = ['alerts', 'windows', 'metrics'].map((name) => ({
      ...{ name, partitions: PARTITIONS, retentionMs: null },
    }));
    const single = ['rules', 'targets'].map((name) => ({ name, partitions: 1, retentionMs: null }));
    await log.createTopics([...topics, ...single]);
    outages = 0;
    view = createView({
      log,
      codec: failing,
      ...kept(),
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
    const options = { codec, ...kept(), clock: () => now, pause: hasty, warn: () => undefined, onFatal };
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
    const options = { codec, ...kept(), clock: () => now, warn: () => undefined, onFatal };
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
    await view.start();
    const expected = [`/a resolved ${now - 30 * MINUTE}`, `/b firing ${now - 20 * MINUTE}`];
    expect(await ids('/api/v1/alerts?since=45m')).toEqual(expected);
    const time = new Date(now - 45 * MINUTE).toISOString();
    expect(await ids(`/api/v1/alerts?since=${time}`)).toEqual(expected);
    expect(await ids('/api/v1/alerts?since=1d')).toHaveLength(3);
  });

  test('chooses alerts by labels, name, state and severity', async () => {
    await append(0, alert('/a', 'firing'));
    await append(1, { ...alert('/b', 'pending'), severity: 'critical' });
    await view.start();
    const routes = async (query: string): Promise<string[]> =>
      ((await get(`/api/v1/alerts?${query}`)) as AlertRecord[]).map(({ fingerprint }) => fingerprint);
    expect(await routes('match={route=~"/a|/c"}')).toEqual(['/a']);
    expect(await routes('match=Slow{route!="/a"}')).toEqual(['/b']);
    expect(await routes('match=Slower')).toEqual([]);
    expect(await routes('state=firing,resolved')).toEqual(['/a']);
    expect(await routes('severity=critical')).toEqual(['/b']);
  });

  test('turns the pages of the history from the newest to the oldest, whatever comes meanwhile', async () => {
    for (let i = 1; i <= 7; i++) await append(i % PARTITIONS, alert('/a', 'firing', NOW - i * MINUTE));
    await view.start();
    type Page = { transitions: AlertRecord[]; next: string | null };
    const ends: number[] = [];
    let page = (await get('/api/v1/history?limit=3&from=1d')) as Page;
    for (;;) {
      ends.push(...page.transitions.map(({ windowEnd }) => (NOW - windowEnd) / MINUTE));
      if (page.next === null) break;
      await append(0, alert('/a', 'resolved', NOW - ends.length));
      page = (await get(`/api/v1/history?limit=3&from=1d&cursor=${page.next}`)) as Page;
    }
    expect(ends).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const between = `from=${new Date(NOW - 4 * MINUTE).toISOString()}&to=${new Date(NOW - 2 * MINUTE).toISOString()}`;
    const { transitions } = (await get(`/api/v1/history?${between}`)) as Page;
    expect(transitions.map(({ windowEnd }) => (NOW - windowEnd) / MINUTE)).toEqual([3, 4]);
  });

  test('tells all that a rule says, and counts the alerts of each severity of an objective', async () => {
    const text = `version: 1
defaults: { by: [route], window: 1m }
slas:
  - alert: Burn
    objective: 99%
    sli: latency < 300ms
    burn_rate:
      - { long: 1h, short: 5m, factor: 14.4 }
      - { long: 1d, short: 2h, factor: 3, severity: info }
  - alert: Slow
    when: [mean_latency > 1.5 * baseline, error_ratio > 1%]
    clear: mean_latency < 200ms
    no_data: alert
    baseline: { method: median, offset: 1d, windows: 7 }
`;
    const { revision } = recompile('sla.yaml', text);
    const value = codec.encode('RulesRevision', { revision, file: 'sla.yaml', text });
    await log.append({ topic: 'rules', partition: 0, records: [{ key: null, value }] });
    const burn = (route: string, state: AlertRecord['state'], severity: string): AlertRecord => ({
      ...{ ...alert(route, state), alert: 'Burn', severity },
      rule: { file: 'sla.yaml', line: 4, revision },
    });
    for (const one of [
      burn('/a', 'firing', 'warning'),
      burn('/b', 'pending', 'info'),
      burn('/c', 'firing', 'info'),
    ])
      await append(0, one);
    await append(1, alert('/d', 'firing'));
    await view.start();
    const objective = { target: 0.99, sli: 'ratio(latency < 300ms)' };
    const fixed = (measure: string, operator: string, value: number) => ({
      ...{ measure, operator, threshold: { kind: 'fixed', value } },
    });
    expect(await get('/api/v1/rules')).toMatchObject([
      {
        ...{
          name: 'Burn/info',
          alert: 'Burn',
          severity: 'info',
          firing: 1,
          pending: 1,
          also: [],
          clear: null,
        },
        objective: { ...objective, rates: [{ long: 86_400_000, short: 7_200_000, factor: 3 }] },
      },
      {
        ...{
          name: 'Burn/warning',
          alert: 'Burn',
          severity: 'warning',
          firing: 1,
          pending: 0,
          noData: 'keep',
        },
        objective: { ...objective, rates: [{ long: 3_600_000, short: 300_000, factor: 14.4 }] },
      },
      {
        ...{ name: 'Slow', alert: 'Slow', firing: 1, pending: 0, noData: 'alert', objective: null },
        ...{ also: [fixed('error_ratio', '>', 0.01)], clear: [fixed('mean_latency', '<', 0.2)] },
        baseline: { method: 'median', offset: 86_400_000, windows: 7 },
      },
    ]);
  });

  test('tells how far it has come, what is watched, and how it came to an alert', async () => {
    const text =
      'version: 1\nslas:\n  - alert: Slow\n    match: m\n    by: [route]\n    window: 10s\n    every: 5s\n    when: mean_latency > 500ms\n';
    const { revision, judged } = recompile('sla.yaml', text);
    const selection = judged[0]?.id ?? '';
    const value = codec.encode('RulesRevision', { revision, file: 'sla.yaml', text });
    await log.append({ topic: 'rules', partition: 0, records: [{ key: null, value }] });
    for (const [source, timestamp] of [
      ['b', NOW - 2],
      ['a', NOW - 1],
    ] as const) {
      const watermark = codec.encode('Watermark', { timestamp, source, partitions: PARTITIONS });
      await log.append({ topic: 'metrics', partition: 0, records: [{ key: null, value: watermark }] });
    }
    const partition = partitionOf('{route="/a"}', PARTITIONS);
    for (let i = 2; i >= 0; i--)
      await append(partition, {
        ...window('/a', NOW - i * 10_000),
        selection,
        latencySum: 3 - i,
        requests: i === 1 ? 0 : 2,
      });
    const told = (source: string, timestamp: number, targets: readonly TargetState[]): Promise<number> => {
      const value = codec.encode('TargetStates', { source, timestamp, targets });
      return log.append({ topic: 'targets', partition: 0, records: [{ key: Buffer.from(source), value }] });
    };
    const app = { job: 'app', instance: 'app:80', lastScrape: NOW - 6_000, problem: null };
    const down = { job: 'db', instance: 'db:80', lastScrape: null, problem: 'it is down' };
    await told('gone', NOW - 6 * MINUTE, [app]);
    await told('b', NOW - 2_000, [app]);
    await told('a', NOW - 6_000, [app]);
    await told('a', NOW - 1_000, [{ ...app, lastScrape: NOW - 1_000 }, down]);
    await append(0, { ...alert('/a', 'firing'), rule: { file: 'sla.yaml', line: 3, revision } });
    await view.start();
    await expect
      .poll(() => get('/api/v1/status'))
      .toEqual({
        now: NOW,
        sources: [
          { source: 'a', watermark: NOW - 1 },
          { source: 'b', watermark: NOW - 2 },
        ],
        targets: [
          { source: 'a', ...app, lastScrape: NOW - 1_000, up: true, at: NOW - 1_000 },
          { source: 'a', ...down, up: false, at: NOW - 1_000 },
          { source: 'b', ...app, up: true, at: NOW - 2_000 },
        ],
        scrapedTo: NOW - 1,
        evaluatedTo: NOW,
        rules: { file: 'sla.yaml', revision, count: 1, problem: null },
        alerts: { firing: 1, pending: 0 },
      });
    expect(await get('/api/v1/rules')).toMatchObject([
      { alert: 'Slow', line: 3, groups: 1, firing: 1, window: 10_000, every: 5000, session: null },
    ]);
    expect(await get(`/api/v1/rules/${revision}`)).toEqual({ revision, file: 'sla.yaml', text });
    expect((await view.app.request('/api/v1/rules/none')).status).toBe(404);
    const problem = 'sla.yaml:4:5 when is missing';
    const rejected = codec.encode('RulesRejected', { file: 'sla.yaml', problem, revision });
    await log.append({ topic: 'rules', partition: 0, records: [{ key: null, value: rejected }] });
    expect(await get('/api/v1/status')).toMatchObject({ rules: { revision, problem } });
    await log.append({ topic: 'rules', partition: 0, records: [{ key: null, value }] });
    expect(await get('/api/v1/status')).toMatchObject({ rules: { revision, problem: null } });
    const id = encodeURIComponent(`/a firing ${NOW}`);
    expect(await get(`/api/v1/explain/${id}`)).toMatchObject({
      alert: { fingerprint: '/a' },
      rule: text.split('\n').slice(2).join('\n').trimEnd(),
      window: { end: NOW, latencySum: 3 },
      recomputed: {
        value: 1.5,
        threshold: 0.5,
        differs: ['value: 1 in the record, 1.5 again', 'requests: 3 in the record, 2 again'],
      },
      unknown: null,
    });
    expect((await view.app.request('/api/v1/explain/none')).status).toBe(404);
    expect(await get('/api/v1/sparklines?fingerprint=/a&fingerprint=/b')).toEqual({
      '/a': [
        [NOW - 20_000, 0.5],
        [NOW - 10_000, null],
        [NOW, 1.5],
      ],
    });
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

  test('streams those alone that are asked for', async () => {
    await append(0, alert('/a', 'firing'));
    await append(0, alert('/b', 'pending'));
    await append(0, alert('/b', 'firing'));
    const query = `since=1h&state=firing&match=${encodeURIComponent('{route="/b"}')}`;
    const [first] = await events(`/api/v1/alerts/stream?${query}`, 1);
    expect(first?.data.id).toBe(`/b firing ${NOW}`);
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
    ['/api/v1/alerts?state=angry', 'state is "angry": there are inactive, pending, firing, resolved'],
    ['/api/v1/alerts?match={route', 'match: "{route" is no selector'],
    ['/api/v1/alerts?match={route=~"((.%2B)%2B)%2B!"}', 'match: "((.+)+)+!" repeats a group'],
    ['/api/v1/windows?match={route=~"((.%2B)%2B)%2B!"}', 'match: "((.+)+)+!" repeats a group'],
    ['/api/v1/alerts/stream?match={route=~"((.%2B)%2B)%2B!"}', 'match: "((.+)+)+!" repeats a group'],
    ['/api/v1/history?limit=none', 'limit is "none": give a whole number from 1 on'],
    ['/api/v1/history?cursor=7', 'cursor is none of history: take that of the page before'],
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
    await append(0, window('/a', NOW));
    outages = 1;
    const answer = await view.app.request('/api/v1/windows?since=1h');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await get('/api/v1/windows?since=1h')).toHaveLength(1);
  });

  test('ends its streams when it closes', async () => {
    const stream = events('/api/v1/alerts/stream', 1);
    await view.close();
    expect(await stream).toEqual([]);
  });
});
