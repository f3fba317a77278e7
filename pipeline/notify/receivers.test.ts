import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Answer, Message, Post } from '../../platform/http/post.js';
import type { AlertRecord } from '../../schemas/types.js';
import { alertOf, NOW } from '../follow/alert.fixture.js';
import { alertmanager } from './alertmanager.js';
import { inRequests, type Notice, noticeOf } from './notice.js';
import type { Outcome } from './receiver.js';
import { retryDelay } from './retry.js';
import { webhook } from './webhook.js';

const noticesOf = (...records: readonly AlertRecord[]): Notice[] =>
  records.flatMap((record) => noticeOf(record) ?? []);
const firing = noticesOf({ ...alertOf('/a', 'firing'), annotations: { summary: 'slow' } });
const resolved = noticesOf({ ...alertOf('/b', 'resolved'), endsAt: NOW + 5_000 });
const { signal } = new AbortController();

/** Remembers what was posted last, and answers. */
class Server {
  url = '';
  message: Message = { body: '', headers: {} };
  readonly post: Post = (url, message) => {
    this.url = url;
    this.message = message;
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer);
  };
  constructor(readonly answer: Answer | Error = { status: 200, body: '' }) {}
}

const toAlertmanager = (server: Server, url = 'http://user:word@am:9093/', externalUrl = 'https://tides/') =>
  alertmanager({ url, post: server.post, externalUrl, interval: 60_000, clock: () => NOW });
const toWebhook = (server: Server, secret = '') =>
  webhook({
    url: 'https://hooks/x?key=1',
    post: server.post,
    secret,
    externalUrl: 'https://tides',
    clock: () => NOW,
  });

describe('Alertmanager', () => {
  test('gets alerts as its API has them: what fires ends four intervals from now', async () => {
    const server = new Server();
    expect(await toAlertmanager(server).send([...firing, ...resolved], signal)).toEqual({ kind: 'accepted' });
    expect(server.url).toBe('http://user:word@am:9093/api/v2/alerts');
    expect(JSON.parse(server.message.body)).toEqual([
      {
        labels: { alertname: 'Slow', route: '/a' },
        annotations: { summary: 'slow' },
        startsAt: '2023-11-14T22:13:20.000Z',
        endsAt: '2023-11-14T22:17:20.000Z',
        generatorURL: 'https://tides/?alert=%2Fa',
      },
      {
        labels: { alertname: 'Slow', route: '/b' },
        annotations: {},
        startsAt: '2023-11-14T22:13:20.000Z',
        endsAt: '2023-11-14T22:13:25.000Z',
        generatorURL: 'https://tides/?alert=%2Fb',
      },
    ]);
  });

  test('gets no link where nobody said where the view is', async () => {
    const server = new Server();
    await toAlertmanager(server, 'http://am:9093', '').send(firing, signal);
    expect(Object.keys(JSON.parse(server.message.body)[0])).not.toContain('generatorURL');
  });

  test('is named without what may be secret', () => {
    expect(toAlertmanager(new Server()).name).toBe('alertmanager am:9093');
    expect(toWebhook(new Server()).name).toBe('webhook hooks/x');
  });

  test.each<[string, Answer | Error, Outcome]>([
    ['204', { status: 204, body: '' }, { kind: 'accepted' }],
    ['400', { status: 400, body: 'bad\nlabel' }, { kind: 'refused', detail: 'it answered 400: bad\\nlabel' }],
    ['422', { status: 422, body: '' }, { kind: 'refused', detail: 'it answered 422: ' }],
    ['302', { status: 302, body: '' }, { kind: 'failed', detail: 'it answered 302: ' }],
    ['401', { status: 401, body: 'who?' }, { kind: 'failed', detail: 'it answered 401: who?' }],
    ['503', { status: 503, body: 'later' }, { kind: 'failed', detail: 'it answered 503: later' }],
    ['nothing', new Error('no answer within 10 s'), { kind: 'failed', detail: 'no answer within 10 s' }],
  ])('that answers %s', async (_, answer, outcome) => {
    expect(await toAlertmanager(new Server(answer)).send(firing, signal)).toEqual(outcome);
  });
});

describe('a webhook', () => {
  test('gets the message of an Alertmanager, with ids', async () => {
    const server = new Server();
    await toWebhook(server).send([...firing, ...resolved], signal);
    expect(server.url).toBe('https://hooks/x?key=1');
    expect(JSON.parse(server.message.body)).toEqual({
      version: '4',
      groupKey: '{}:{alertname="Slow"}',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'tidemark',
      groupLabels: { alertname: 'Slow' },
      commonLabels: { alertname: 'Slow' },
      commonAnnotations: {},
      externalURL: 'https://tides',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'Slow', route: '/a' },
          annotations: { summary: 'slow' },
          startsAt: '2023-11-14T22:13:20.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'https://tides/?alert=%2Fa',
          fingerprint: '/a',
          id: `/a firing ${NOW}`,
        },
        {
          status: 'resolved',
          labels: { alertname: 'Slow', route: '/b' },
          annotations: {},
          startsAt: '2023-11-14T22:13:20.000Z',
          endsAt: '2023-11-14T22:13:25.000Z',
          generatorURL: 'https://tides/?alert=%2Fb',
          fingerprint: '/b',
          id: `/b resolved ${NOW}`,
        },
      ],
    });
    expect(server.message.headers).toEqual({ 'tidemark-delivery': expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test('has the marks of those that have some, and is the same without', async () => {
    const [bare, marked] = [new Server(), new Server()];
    await toWebhook(bare).send(firing, signal);
    const marks = { silencedBy: ['s1', 's2'], acknowledgedBy: 'ada' };
    await toWebhook(marked).send(
      firing.map((one) => ({ ...one, marks })),
      signal,
    );
    const { alerts, ...message } = JSON.parse(marked.message.body);
    const { alerts: before, ...other } = JSON.parse(bare.message.body);
    expect(message).toEqual(other);
    expect(alerts).toEqual([{ ...before[0], ...marks }]);
    expect(marked.message.headers).toEqual(bare.message.headers);
  });

  test('of what resolved alone is resolved', async () => {
    const server = new Server();
    await toWebhook(server).send(resolved, signal);
    expect(JSON.parse(server.message.body)).toMatchObject({ status: 'resolved' });
  });

  test('is signed, and a repeat has the same delivery', async () => {
    const server = new Server();
    const receiver = toWebhook(server, 'tides');
    await receiver.send(firing, signal);
    const { body, headers } = server.message;
    const seconds = NOW / 1_000;
    const digest = createHmac('sha256', 'tides').update(`${seconds}.${body}`).digest('hex');
    expect(headers['tidemark-signature']).toBe(`t=${seconds},v1=${digest}`);
    await receiver.send(firing, signal);
    expect(server.message.headers['tidemark-delivery']).toBe(headers['tidemark-delivery']);
    await receiver.send(resolved, signal);
    expect(server.message.headers['tidemark-delivery']).not.toBe(headers['tidemark-delivery']);
  });
});

describe('a request', () => {
  const requests = (...names: string[]): string[] => {
    const all = names.map((name) => {
      const [alertname = '', fingerprint = ''] = name.split('/');
      return { ...(firing[0] as Notice), labels: { alertname }, fingerprint };
    });
    return inRequests(all, (one) => one).map((part) => part.map(({ fingerprint }) => fingerprint).join(' '));
  };

  test('holds what follows of one name, no alert twice, in order', () => {
    expect(requests('A/1', 'A/2', 'B/3', 'A/4', 'A/5', 'A/4')).toEqual(['1 2', '3', '4 5', '4']);
    expect(requests()).toEqual([]);
  });

  test('holds 64 at most', () => {
    const many = Array.from({ length: 65 }, (_, n) => `A/${n}`);
    expect(requests(...many).map((one) => one.split(' ').length)).toEqual([64, 1]);
  });
});

test('who fails is tried again after a second, twice as late each time, a minute at most', () => {
  const latest = [1, 2, 3, 6, 7, 2_000].map((failures) => retryDelay(failures, () => 1));
  expect(latest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  expect(retryDelay(1, () => 0)).toBe(500);
});
