import { describe, expect, test } from 'vitest';
import { recompile } from '../../pipeline/sla/compile.js';
import { readTests } from './read.js';
import { report } from './report.js';
import { runTest } from './run.js';

const sla = `version: 1
defaults: { by: [route], window: 30s, min_requests: 1 }
slas:
  - { alert: Slow, when: mean_latency > 300ms, annotations: { summary: 'takes {{ $value }}' } }
  - { alert: Tail, when: p90_latency > 500ms, min_requests: 1000 }
  - { alert: Share, when: ratio(latency < 200ms) < 50%, min_requests: 1000 }
  - { alert: Busy, match: jobs_total, when: request_rate >= 10/s }
  - { alert: Full, match: disk, when: max > 90, for: 1m }
  - { alert: Burns, objective: 99%, burn_rate: [{ long: 2m, short: 1m, factor: 4 }], min_requests: 500 }
  - { alert: Heavy, match: http_response_size_bytes, when: throughput > 1kB/s }
`;
const rules = recompile('sla.yaml', sla);
const GET = 'http_request_duration_seconds{route="/"}';

/** What is said of one test, without the lines that name it and count. */
function said(series: string, expected: string): readonly string[] {
  const text = `rule_files: [sla.yaml]
tests:
  - name: it
    input_series: [${series}]
    expect: ${expected}
`;
  const { tests, file } = readTests('it.test.yaml', text, () => rules);
  const outcomes = tests.map((one) => runTest(one, [rules]));
  return report([{ file, outcomes }]).slice(1, -1);
}

const slow = `{ series: '${GET}', requests: 0+10x12, latency: 100ms x4 500ms x4 100ms x4 }`;

describe('a test of rules', () => {
  test('passes where all that fires is named, at the times at which it does', () => {
    const expected = '[{ at: 1m, alerts: [] }, { at: 1m30s, alerts: [{ alert: Slow, value: 500ms }] }]';
    expect(said(slow, expected)).toEqual([]);
  });

  test.each([
    [
      'does not fire yet',
      '[{ at: 1m, alerts: [{ alert: Slow, labels: { route: / } }] }, { at: 1m45s, alerts: [{ alert: Slow }] }]',
      ['  it.test.yaml:5:33 at 1m: expected Slow{route="/"} firing', '    got: nothing'],
    ],
    [
      'has another value',
      '[{ at: 2m, alerts: [{ alert: Slow, value: 499ms }] }]',
      [
        '  it.test.yaml:5:33 at 2m: expected Slow firing, 499ms',
        '    got: Slow{route="/"} firing, 500ms > 300ms, summary "takes 500ms", since 1m30s',
      ],
    ],
    [
      'has another state',
      '[{ at: 2m, alerts: [{ alert: Slow, state: pending }] }]',
      [
        '  it.test.yaml:5:33 at 2m: expected Slow pending',
        '    got: Slow{route="/"} firing, 500ms > 300ms, summary "takes 500ms", since 1m30s',
      ],
    ],
    [
      'has other texts',
      '[{ at: 2m, alerts: [{ alert: Slow, annotations: { summary: hm } }] }]',
      [
        '  it.test.yaml:5:33 at 2m: expected Slow firing, summary "hm"',
        '    got: Slow{route="/"} firing, 500ms > 300ms, summary "takes 500ms", since 1m30s',
      ],
    ],
    [
      'fires and is not named',
      '[{ at: 2m, alerts: [] }]',
      [
        '  it.test.yaml:5:14 at 2m: expected nothing else to fire',
        '    got: Slow{route="/"} firing, 500ms > 300ms, summary "takes 500ms", since 1m30s',
      ],
    ],
    [
      'fires at a time that is not named',
      '[{ at: 1m, alerts: [] }, { at: 2m30s, alerts: [] }]',
      [
        '  it.test.yaml:3:11 expected nothing to fire at any time that expect does not name',
        '    got: Slow{route="/"} firing, 500ms > 300ms, summary "takes 500ms", since 1m30s, until 2m30s',
      ],
    ],
  ])('fails where an alert %s', (_, expected, lines) => {
    expect(said(slow, expected)).toEqual(lines);
  });

  test('takes each alert for one that is expected alone', () => {
    const two = ['/a', '/b'].map(
      (route) =>
        `{ series: 'http_request_duration_seconds{route="${route}"}', requests: 0+10x4, latency: 1s }`,
    );
    const both = '[{ at: 30s, alerts: [{ alert: Slow }, { alert: Slow, labels: { route: /a } }] }]';
    expect(said(two.join(', '), both)).toEqual([]);
    expect(said(two.join(', '), both.replace('{ alert: Slow }, ', ''))).toEqual([
      '  it.test.yaml:5:14 at 30s: expected nothing else to fire',
      '    got: Slow{route="/b"} firing, 1s > 300ms, summary "takes 1s", since 30s',
    ]);
  });

  test.each([
    ['a plain counter', `{ series: 'jobs_total{route="/"}', values: 0+150x4 }`, 'Busy, value: 10/s', '30s'],
    [
      'a restart',
      `{ series: 'jobs_total{route="/"}', values: 1000 1150 150 300 }`,
      'Busy, value: 10/s',
      '30s',
    ],
    [
      'a series that begins',
      `{ series: 'jobs_total{route="/"}', values: stalex3 150 300 }`,
      'Busy, value: 10/s',
      '1m',
    ],
    ['a gauge', `{ series: 'disk{route="/"}', values: 95x6 }`, 'Full, value: 95', '1m30s'],
    [
      'a scrape that failed: its window waits',
      `{ series: 'jobs_total{route="/"}', values: 0 150 _ 450 600 }`,
      'Busy, value: 10/s',
      '45s',
    ],
    [
      'a size',
      `{ series: 'http_response_size_bytes{route="/"}', requests: 0+15x4, size: 1200 }`,
      'Heavy, value: 1.2kB/s',
      '30s',
    ],
    [
      'an objective',
      `{ series: '${GET}', requests: 0+950x8, latency: 20ms }, { series: 'http_request_duration_seconds{route="/",status="500"}', requests: 0+50x8, latency: 20ms }`,
      'Burns, value: 5x',
      '2m',
    ],
    [
      'the buckets of a tail',
      `{ series: '${GET}', requests: 0+500x4, latency: 20ms }, { series: 'http_request_duration_seconds{route="/",status="1"}', requests: 0+100x4, latency: 700ms }`,
      'Tail, value: 700ms',
      '30s',
    ],
    [
      'buckets of its own',
      `{ series: '${GET}', requests: 0+600x4, latency: 250ms, buckets: [200ms, 300ms] }`,
      'Share, value: 0%',
      '30s',
    ],
  ])('knows %s', (_, series, alert, at) => {
    expect(said(series, `[{ at: ${at}, alerts: [{ alert: ${alert} }] }]`)).toEqual([]);
  });

  test('says which samples did not count', () => {
    expect(said(`{ series: 'jobs_total{route="/"}', values: 0 -1 1 }`, '[]')).toEqual([
      '  samples that did not, or not wholly, count: 1 bad',
    ]);
  });
});
