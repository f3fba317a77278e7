import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { Labels } from '../pipeline/model/matcher.js';
import { compileMatchers } from '../pipeline/model/matcher.js';
import { recompile } from '../pipeline/sla/compile.js';
import { parseSelector } from '../pipeline/sla/selector.js';
import { type Checked, check, checkAgainst } from './check.js';
import { readOptions } from './settings.js';
import { prometheusAccess } from './spout.js';

interface Has {
  /** Series texts. */
  readonly series: readonly string[];
  readonly types?: Readonly<Record<string, string>>;
}

/** A Prometheus that has these series, each with a value, and asks for a user. */
async function serving({ series, types = {} }: Has) {
  const all = series.map((one) => {
    const { metric, matchers } = parseSelector(one);
    const labels = Object.fromEntries(matchers.map(({ label, value }) => [label, value]));
    return { __name__: metric ?? '', ...labels } as Labels;
  });
  const answer = async (path: string, body: string): Promise<unknown> => {
    const { pathname, searchParams } = new URL(path, 'http://it');
    if (pathname === '/api/v1/label/__name__/values') return [...new Set(all.map((one) => one.__name__))];
    if (pathname === '/api/v1/metadata') {
      const metric = searchParams.get('metric') ?? '';
      return metric in types ? { [metric]: [{ type: types[metric] }] } : {};
    }
    const value = /^\{__name__=~"(.*)"\}$/.exec(new URLSearchParams(body).get('query') ?? '')?.[1] ?? '';
    const asked = compileMatchers([{ label: '__name__', operator: '=~', value }]);
    return {
      resultType: 'vector',
      result: all.filter(asked).map((metric) => ({ metric, value: [1_700_000_000, '1'] })),
    };
  };
  const server = createServer(async (request, response) => {
    const given = request.headers.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`;
    const data = await answer(request.url ?? '', await text(request));
    response.writeHead(given ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(given ? { status: 'success', data } : { status: 'error', error: 'no' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const access = readOptions(prometheusAccess, {
  ...{ prometheusUsername: 'me', prometheusPassword: 'secret', prometheusTokenFile: '' },
  ...{ prometheusHeader: [], prometheusCa: '', prometheusCert: '', prometheusKey: '' },
});

/** A classic histogram, with the bounds that it has. */
const histogram = (name: string, labels: string, bounds: readonly string[] = []): readonly string[] => [
  `${name}_count{${labels}}`,
  `${name}_sum{${labels}}`,
  ...bounds.map((le) => `${name}_bucket{${labels},le="${le}"}`),
];

const checkout = ['200', '500'].flatMap((status) =>
  ['/pay', '/cart'].flatMap((route) =>
    histogram(
      'http_request_duration_seconds',
      `job="shop",service="checkout",route="${route}",status="${status}"`,
      ['0.2', '0.4', '+Inf'],
    ),
  ),
);

async function against(has: Has, ...rules: readonly string[]): Promise<Checked> {
  await using server = await serving(has);
  const sla = `version: 1\ndefaults: { by: [route], min_requests: 5 }\nslas:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;
  return await checkAgainst(recompile('sla.yaml', sla), 5_000, { ...access, prometheusUrl: server.url });
}

describe('a check against a Prometheus', () => {
  test('says how many series and groups each rule matches', async () => {
    const { warnings, matches } = await against(
      { series: [...checkout, 'memory_bytes{job="shop",instance="a:1"}'] },
      `{ alert: Slow, match: '{service="checkout"}', when: mean_latency > 300ms }`,
      `{ alert: Fails, match: '{status="500",route="/pay"}', when: error_ratio > 10% }`,
      '{ alert: Memory, match: memory_bytes, when: max > 5, by: [job] }',
    );
    expect(warnings).toEqual([]);
    expect(matches).toEqual([
      'Fails: 1 series in 1 group',
      'Memory: 1 series in 1 group',
      'Slow: 4 series in 2 groups',
    ]);
  });

  test.each<[string, Has, string, string]>([
    [
      'a metric that is not there',
      { series: checkout },
      '{ alert: A, match: http_request_durations_seconds, when: mean_latency > 300ms }',
      '4:24 warning: there is no series of http_request_durations_seconds now, did you mean "http_request_duration_seconds"?',
    ],
    [
      'a value that is not there',
      { series: checkout },
      `{ alert: A, match: '{service="chekout"}', when: mean_latency > 300ms }`,
      '4:24 warning: of the 4 series of http_request_duration_seconds none has service="chekout" now, did you mean "checkout"?',
    ],
    [
      'a label that is not there',
      { series: checkout },
      `{ alert: A, match: '{servce="checkout"}', when: mean_latency > 300ms }`,
      '4:24 warning: of the 4 series of http_request_duration_seconds none has the label servce now, did you mean "service"?',
    ],
    [
      'matchers that no series passes together',
      { series: [...histogram('a', 'route="1",y="1"'), ...histogram('a', 'route="2",y="2"')] },
      `{ alert: A, match: 'a{route="1",y="2"}', when: mean_latency > 300ms }`,
      '4:24 warning: of the 2 series of a there is none now that passes all matchers',
    ],
    [
      'a label of by that is not there',
      { series: checkout },
      '{ alert: A, by: [rout], when: mean_latency > 300ms }\n  - { alert: B, when: mean_latency > 1s }',
      '4:21 warning: no series that the rule matches has the label rout now, did you mean "route"?',
    ],
    [
      'a label of errors that is not there',
      { series: histogram('a', 'route="/",code="500"') },
      '{ alert: A, match: a, when: error_ratio > 30% }',
      '4:14 warning: no series that the rule matches has the label status now',
    ],
    [
      'a counter that is a gauge',
      { series: ['queue{route="/"}'], types: { queue: 'gauge' } },
      '{ alert: A, match: queue, when: request_rate > 3/s }',
      '4:24 warning: queue is a gauge there: measure its avg or max',
    ],
    [
      'a gauge that is a counter',
      { series: ['queue{route="/"}'], types: { queue: 'counter' } },
      '{ alert: A, match: queue, when: max > 3 }',
      '4:24 warning: queue is a counter there, and no gauge',
    ],
    [
      'a gauge that is a histogram, of which nothing is told',
      { series: histogram('queue', 'route="/"') },
      '{ alert: A, match: queue, when: max > 3 }',
      '4:24 warning: queue is a histogram or a summary there, and no gauge',
    ],
    [
      'a latency without a sum',
      { series: ['jobs_total{route="/"}'] },
      '{ alert: A, match: jobs_total, when: mean_latency > 300ms }',
      '4:24 warning: jobs_total has no sum there, so that its mean_latency is always 0',
    ],
    [
      'a ratio whose bound is none of the buckets',
      { series: checkout },
      '{ alert: A, when: ratio(latency < 250ms) < 99% }',
      '4:23 warning: ratio(latency < 250ms) is not judged where no bucket ends at 250ms: the nearest bounds are 200ms and 400ms',
    ],
    [
      'a quantile inside a bucket of theirs',
      { series: checkout },
      '{ alert: A, when: p99_latency > 250ms }',
      '4:23 warning: p99_latency is known to within a bucket, and 250ms lies inside the one from 200ms to 400ms: compare with 200ms or 400ms',
    ],
    [
      'a quantile of what has no buckets in common',
      { series: [...histogram('a', 'route="/"', ['1']), ...histogram('a', 'route="/x"', ['2'])] },
      '{ alert: A, match: a, when: p99_latency > 1s }',
      '4:24 warning: the series of a share no buckets: p99_latency is not judged',
    ],
  ])('warns of %s', async (_, has, rule, expected) => {
    expect((await against(has, rule)).warnings).toEqual([`sla.yaml:${expected}`]);
  });

  test('ends with its reason where it is refused', async () => {
    await using server = await serving({ series: [] });
    const rules = recompile('sla.yaml', 'version: 1\nslas: [{ alert: A, when: mean_latency > 1s }]');
    const wrong = { ...access, prometheusPassword: 'other', prometheusUrl: server.url };
    await expect(checkAgainst(rules, 5_000, wrong)).rejects.toThrow(/401.*check user, password or token/);
  });
});

test('of a metric of theirs nobody knows the buckets', () => {
  const warnings = (match: string): readonly string[] => {
    const sla = `version: 1\nslas: [{ alert: A, match: ${match}, when: p99_latency > 300ms }]`;
    return check(recompile('sla.yaml', sla), 5_000).warnings;
  };
  expect(warnings('theirs_seconds')).toEqual([]);
  expect(warnings('http_request_duration_seconds')).toHaveLength(1);
});
