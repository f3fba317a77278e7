import { readdirSync, readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { HttpMetrics } from '../../platform/http/metrics.js';
import { recompile } from './compile.js';
import { formatWarning, lintRules } from './lint.js';
import { usualBounds } from './lints/buckets.js';

const folder = new URL('./lintdata/', import.meta.url);

/** What `tidemark check` warns of in each file of `lintdata`, without the file's name in front. */
const lints: Readonly<Record<string, readonly string[]>> = {
  'baseline-flaps': [
    '4:11 warning: a value beside its baseline comes and goes: without for and keep_firing_for the alert does too',
  ],
  'baseline-unused': ['5:15 warning: nothing is compared with a baseline here'],
  'baseline-without-linger': [
    '4:11 warning: a baseline needs quiet windows after an alert before it judges again: keep_firing_for sees a relapse in that time',
  ],
  'burn-rate-beyond-budget': [
    '6:7 warning: a factor of 20 is never passed: where all requests are bad, the budget burns 20 times as fast as it may',
  ],
  'sli-between-bounds': [
    '5:10 warning: ratio(latency < 300ms) is not judged where no bucket ends at 300ms: the nearest bounds are 250ms and 500ms',
  ],
  'clear-never-holds': ['5:12 warning: this can never hold: the alert is never over'],
  'clear-within-when': ['5:12 warning: this holds only while when does too: the alert is never over'],
  'defaults-unused': ['2:21 warning: every rule says window for itself'],
  'errors-contradict': [
    '5:12 warning: no request that this matches is an error: status="200" contradicts errors',
  ],
  'for-below-step': ['7:10 warning: windows end 1m apart: a for of 30s is one of 1m'],
  'for-beyond-baseline': [
    '6:10 warning: with freeze: false, after 2m30s a lasting change is the baseline itself: a for of 2m30s never passes',
  ],
  'for-beyond-median': [
    '6:10 warning: with freeze: false, after 3m a lasting change is the baseline itself: a for of 3m never passes',
  ],
  'for-beyond-max-age': [
    '5:10 warning: the baseline is held for max_age, 1h, after which a lasting change is the baseline itself: a for of 2h never passes',
  ],
  'keep-firing-within-step': [
    '5:22 warning: windows end 30s apart: a keep_firing_for of 30s has passed when the next one ends, and does nothing',
  ],
  many: [
    '4:11 warning: this can never hold: no window that is judged has such a value',
    '4:11 warning: where a window has one request, one error is 100%: say with min_requests how many it takes',
    '5:13 warning: 1s is shorter than two scrapes, which are 5s apart (--scrape-interval): its values are shares of what grew over a longer time',
    '6:10 warning: windows end 1s apart: a for of 500ms is one of 1s',
  ],
  'match-contradicts': [
    '5:12 warning: this matches no series: service="checkout" contradicts another matcher',
  ],
  'min-requests-hide-silence': [
    '5:19 warning: windows with fewer than 50 requests are not judged, and they are those that request_rate < 5/s is after',
  ],
  'never-clears': ['4:11 warning: this always holds: it fires for every group, and is never over'],
  'never-clears-of-list': ['5:7 warning: this always holds: it fires for every group, and is never over'],
  'never-fires-above-all': ['4:11 warning: this can never hold: no window that is judged has such a value'],
  'never-fires-below-none': ['4:11 warning: this can never hold: no window that is judged has such a value'],
  'never-fires-contradiction': [
    '4:11 warning: this can never hold: no window that is judged has such a value',
  ],
  'never-fires-min-requests': [
    '4:11 warning: this can never hold: no window that is judged has such a value',
  ],
  nothing: [],
  'one-error-is-all': [
    '4:11 warning: where a window has one request, one error is 100%: say with min_requests how many it takes',
  ],
  'quantile-above-buckets': [
    '4:11 warning: p99_latency is no number above the last bound of its buckets, 10s: whether it passes 20s is never known',
  ],
  'quantile-inside-bucket': [
    '4:11 warning: p99_latency is known to within a bucket, and 300ms lies inside the one from 250ms to 500ms: compare with 250ms or 500ms',
    '5:12 warning: p95_latency is known to within a bucket, and 3ms lies inside the one from 0ms to 5ms: compare with 5ms',
  ],
  'ratio-between-bounds': [
    '4:11 warning: ratio(latency < 300ms) is not judged where no bucket ends at 300ms: the nearest bounds are 250ms and 500ms',
  ],
  'ratio-in-context': [
    '5:14 warning: ratio(latency < 20s) is not judged where no bucket ends at 20s: the nearest bound is 10s',
  ],
  'same-rule': ['6:14 warning: this judges what CheckoutSlow in line 3 judges'],
  'template-label': ['8:7 warning: {{ $labels.route }} is always empty: by is [service], without route'],
  'window-of-defaults': [
    '2:21 warning: 5s is shorter than two scrapes, which are 5s apart (--scrape-interval): its values are shares of what grew over a longer time',
  ],
  'window-of-few-scrapes': [
    '5:13 warning: 5s is shorter than two scrapes, which are 5s apart (--scrape-interval): its values are shares of what grew over a longer time',
  ],
};

const said = (name: string): readonly string[] => {
  const file = `${name}.yaml`;
  const rules = recompile(file, readFileSync(new URL(file, folder), 'utf8'));
  return lintRules(rules, { scrapeInterval: 5_000, boundsOf: () => usualBounds }).map(formatWarning);
};

describe('what a rule hardly can mean is told at its place', () => {
  test.each(Object.entries(lints))('%s', (name, expected) => {
    expect(said(name)).toEqual(expected.map((line) => `${name}.yaml:${line}`));
  });

  test('every fixture stands in the list', () => {
    const names = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''));
    expect(names.sort()).toEqual(Object.keys(lints).sort());
  });

  test.each(['sla.yaml', 'examples/checkout.yaml'])('%s, which comes with Tidemark, has none', (file) => {
    const rules = recompile(file, readFileSync(file, 'utf8'));
    expect(lintRules(rules, { scrapeInterval: 5_000, boundsOf: () => usualBounds })).toEqual([]);
  });

  test('where nobody knows the buckets, nothing is said of them', () => {
    const rules = recompile('sla.yaml', readFileSync(new URL('quantile-inside-bucket.yaml', folder), 'utf8'));
    expect(lintRules(rules, { scrapeInterval: 5_000, boundsOf: () => null })).toEqual([]);
  });
});

test('the usual bounds are those of the services that come with Tidemark', async () => {
  const registry = new Registry();
  const metrics = new HttpMetrics(registry, 'it');
  metrics.observe({ route: '/', method: 'GET', status: 200, seconds: 1, requestBytes: 0, responseBytes: 0 });
  const shown = (await registry.metrics()).matchAll(/^http_request_duration_seconds_bucket\{le="([\d.]+)"/gm);
  expect([...shown].map(([, le]) => Number(le))).toEqual(usualBounds);
});
