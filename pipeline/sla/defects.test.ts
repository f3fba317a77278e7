import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileRules } from './compile.js';
import { formatDiagnostic } from './diagnostics.js';

const folder = new URL('./testdata/', import.meta.url);

/** What `tidemark check` says of each file of `testdata`, without the file's name in front. */
const defects: Readonly<Record<string, readonly string[]>> = {
  'yaml-unclosed-list': [
    '2:33 Flow sequence in block collection must be sufficiently indented and end with a ]',
    '2:34 Flow map in block collection must be sufficiently indented and end with a }',
  ],
  'yaml-tab': ['3:1 Tabs are not allowed as indentation'],
  'yaml-stray-bracket': ['3:1 Unexpected flow-seq-end token in YAML stream: "]"'],
  'yaml-duplicate-key': ['6:5 Map keys must be unique'],
  'yaml-two-documents': ['5:1 a rule file is one YAML document: leave out the --- in between'],
  'yaml-unknown-tag': ['5:10 Unresolved tag: !minutes'],
  'yaml-unknown-anchor': ['5:13 there is no anchor &team before this'],
  'file-empty': ['1:1 the file must be a mapping'],
  'file-comment-only': ['1:1 the file must be a mapping'],
  'file-list': ['1:1 the file must be a mapping'],
  'file-null': ['1:1 the file must be a mapping'],
  'version-missing': ['1:1 version is missing: begin the file with version: 1'],
  'version-null': ['1:9 version must be a text'],
  'version-2': ['1:10 version must be 1'],
  'version-1.0': ['1:10 version must be 1'],
  'slas-missing': ['1:1 slas is missing: list at least one rule under it'],
  'slas-null': ['2:6 slas must be a list'],
  'slas-mapping': ['3:3 slas must be a list'],
  'defaults-null': ['2:10 defaults must be a mapping'],
  'defaults-list': ['2:11 defaults must be a mapping'],
  'defaults-rule-key': ['3:3 unknown key "when"', '4:3 unknown key "match"'],
  'rule-null': ['3:4 a rule must be a mapping'],
  'rule-text': ['3:5 a rule must be a mapping'],
  'alert-missing': ['3:5 alert is missing: give the rule a name'],
  'alert-null': ['3:11 alert must be a text'],
  'alert-snake-case': ['3:12 alert "checkout_slow" must be written in CamelCase, like CheckoutSlow'],
  'alert-twice': [
    '5:12 alert "CheckoutSlow" stands twice: the first is in line 3',
    '6:11 "mean_latency >" is no condition: write it like mean_latency > 300ms',
    '7:12 alert "CheckoutSlow" stands twice: the first is in line 3',
  ],
  'key-unknown': [
    '5:5 unknown key "fro", did you mean "for"?',
    '6:5 unknown key "keep_firing", did you mean "keep_firing_for"?',
    '7:5 unknown key "team"',
  ],
  'objective-half': [
    '4:5 burn_rate is of an objective: add objective: 99.9%',
    '5:5 sli is of an objective: add objective: 99.9%',
  ],
  'objective-values': [
    '4:16 "100%" is no objective: write it like 99.9%, between 0% and 100%',
    '5:5 when does not apply: an objective is broken by its burn_rate',
    '7:9 long is missing: write it like { long: 1h, short: 5m, factor: 14.4 }',
    '7:9 factor is missing: write it like { long: 1h, short: 5m, factor: 14.4 }',
    '7:11 unknown key "lnog", did you mean "long"?',
  ],
  'objective-lengths': [
    '5:10 "mean_latency < 300ms" is no indicator: write it like latency < 300ms, with the bound of a bucket',
    '7:28 short must be shorter than long, 1h',
    '8:28 short must be twice the window or longer: 45s is put together from windows of 30s',
    '9:41 "0" is no factor: write it like 14.4',
    '9:54 severity must be one of critical, warning, info, did you mean "critical"?',
    '12:13 an objective needs a plain window, of which its burn_rate is put together',
    '14:5 short must be twice the window or longer: 5m is put together from windows of 1h',
    '18:16 burn_rate is an empty list: give at least one, or leave it out',
  ],
  'key-merge': ['6:5 unknown key "<<"'],
  'key-complex': ['5:7 unknown key ""'],
  'when-missing': ['3:5 when is missing: say when the rule is broken, like mean_latency > 300ms'],
  'when-null': ['4:11 when must be a text'],
  'when-of-lines': [
    '4:11 "mean_latency is\\n\\ttoo high\\n" is no condition: write it like mean_latency > 300ms',
  ],
  'when-number': ['4:11 "5" is no condition: write it like mean_latency > 300ms'],
  'when-no-operator': ['4:11 "mean_latency 300ms" is no condition: write it like mean_latency > 300ms'],
  'when-single-equals': ['4:11 "=" is no comparison: write =='],
  'when-unknown-measure': ['4:11 unknown measure "p99_latancy", did you mean "p99_latency"?'],
  'when-quantile-of-none': ['4:11 unknown measure "p00_latency", did you mean "p50_latency"?'],
  'when-count-with-unit': ['4:11 "10/s" is no number of requests: write it without a unit, like 100'],
  'when-far-measure': ['4:11 unknown measure "saturation"'],
  'when-latency-without-unit': ['4:11 "300" is no latency: give it a unit, like 300ms or 1.5s'],
  'when-latency-parts-apart': ['4:11 "3 0 0ms" is no latency: give it a unit, like 300ms or 1.5s'],
  'when-rate-without-unit': ['4:11 "10" is no request rate: give it a unit, like 10/s, 600/m or 1000/h'],
  'when-rate-of-latency': ['4:11 "10ms" is no request rate: give it a unit, like 10/s, 600/m or 1000/h'],
  'when-ratio-with-unit': ['4:11 "2/s" is no ratio: write it like 2% or 0.02'],
  'when-share-alone': [
    '4:11 "ratio" is no ratio: write it like ratio(latency < 300ms), with the bound of a bucket',
  ],
  'when-share-without-unit': [
    '4:11 "ratio(latency < 300)" is no ratio: write it like ratio(latency < 300ms), with the bound of a bucket',
  ],
  'when-share-of-errors': [
    '4:11 "ratio(errors < 5)" is no ratio: write it like ratio(latency < 300ms), with the bound of a bucket',
  ],
  'when-share-not-closed': [
    '4:11 "ratio(latency < 300ms < 99%" is no condition: write it like mean_latency > 300ms',
  ],
  'when-share-above-all': ['4:11 "99" is no share of the requests: write it like 99% or 0.99'],
  'when-share-of-latency': ['4:11 "99ms" is no share of the requests: write it like 99% or 0.99'],
  'when-quantile-of-all': ['4:11 unknown measure "p100_latency", did you mean "p50_latency"?'],
  'when-throughput-without-unit': [
    '4:11 "10" is no throughput: give it a unit, like 500kB/s, 10MB/s or 1GiB/s',
  ],
  'when-throughput-of-bits': [
    '4:11 "10Mbit/s" is no throughput: give it a unit, like 500kB/s, 10MB/s or 1GiB/s',
  ],
  'throughput-without-metric': [
    '5:12 throughput: name a metric whose sum is bytes in match, like http_response_size_bytes{service="checkout"} or http_request_size_bytes',
  ],
  'throughput-without-match': [
    '4:11 throughput: name a metric whose sum is bytes in match, like http_response_size_bytes{service="checkout"} or http_request_size_bytes',
  ],
  'throughput-in-context': [
    '4:11 throughput: name a metric whose sum is bytes in match, like http_response_size_bytes{service="checkout"} or http_request_size_bytes',
  ],
  'throughput-of-counter': [
    '5:12 throughput: http_response_bytes_total is a counter, which has no sum of bytes: its request_rate is what it counts per second',
  ],
  'gauge-without-match': [
    '4:11 avg: name a gauge in match, like process_resident_memory_bytes{job="checkout"} or nodejs_eventloop_lag_seconds',
  ],
  'gauge-without-metric': [
    '5:12 max: name a gauge in match, like process_resident_memory_bytes{job="checkout"} or nodejs_eventloop_lag_seconds',
  ],
  'gauge-of-counter': ['5:12 max: jobs_total is a counter: measure its request_rate'],
  'gauge-with-unit': ['4:11 "100MB" is no number: write it in the metric\'s own unit, like 100 or 1.5e9'],
  'gauge-context': ['6:14 request_rate cannot stand beside avg in context: a gauge has avg and max alone'],
  'gauge-errors': ['6:5 errors does not apply: a gauge counts no requests'],
  'gauge-in-context': ['6:14 avg cannot stand beside request_rate in context: it is of a gauge'],
  'gauge-and-counter': ['8:11 queue_length is measured as a gauge in line 4: a metric is one or the other'],
  'when-number-too-great': ['4:11 "1e400%" is too great a number'],
  'when-baseline-turned': ['4:11 "baseline * 1.2" is no threshold: write it like 1.2 * baseline'],
  'when-factor-zero': ['4:11 "0" is no factor: write it like 1.2 * baseline'],
  'when-factor-no-number': ['4:11 "1.2.3" is no factor: write it like 1.2 * baseline'],
  'duration-without-unit': ['5:10 "30" is no duration: write it like 30s, 5m, 1h30m or 500ms'],
  'duration-spaced': ['5:10 "1m 30s" is no duration: write it like 30s, 5m, 1h30m or 500ms'],
  'duration-negative': ['5:12 "-5s" is no duration: write it like 30s, 5m, 1h30m or 500ms'],
  'duration-null': ['5:21 keep_firing_for must be a text'],
  'duration-alone-in-braces': ['3:56 for must be a text'],
  'duration-list': ['5:18 no_data_for must be a text'],
  'duration-too-long': ['5:10 "99999999999999999999w" is too long a duration'],
  'window-0': ['5:13 window must be longer than 0'],
  'window-0s-in-defaults': ['2:21 window must be longer than 0'],
  'window-list': ['5:13 window must be a text'],
  'window-of-hours': [
    '6:12 a window longer than 1h is added up from sums over 5m: window must be a multiple of it, and 1h1m is not; the nearest that is is 1h',
  ],
  'window-of-days': [
    '6:12 a window longer than 1d is added up from sums over 1h: window must be a multiple of it, and 1d30m is not; the nearest that is is 1d1h',
  ],
  'every-divides-not': ['6:12 every must divide window: 7s does not divide 30s; the nearest that does is 6s'],
  'every-longer': ['6:12 every must divide window: 30s does not divide 10s; the nearest that does is 10s'],
  'every-0': ['6:12 every must be longer than 0'],
  'every-null': ['6:11 every must be a text'],
  'every-of-defaults': [
    '6:13 every must divide window: 30s does not divide 45s; the nearest that does is 15s',
  ],
  'every-in-defaults': [
    '2:20 every must divide window: 40s does not divide 30s; the nearest that does is 30s',
  ],
  'every-of-hours': [
    '6:12 a window longer than 1h is added up from sums over 5m: every must divide 5m or be a multiple of it, and 8m is neither; the nearest is 10m',
  ],
  'every-of-days': [
    '6:12 a window longer than 1d is added up from sums over 1h: every must divide 1h or be a multiple of it, and 25m is neither; the nearest is 20m',
  ],
  'every-beside-session': ['6:12 every of sessions stands within window, beside session'],
  'every-over-session': ['6:12 every of sessions stands within window, beside session'],
  'session-missing': ['5:13 session is missing: say how long no request must come for a session to be over'],
  'session-0': [
    '5:24 session must be longer than 0',
    '5:32 max must be longer than 0',
    '5:43 every must be longer than 0',
  ],
  'session-unknown-key': ['5:28 unknown key "gap"', '5:37 unknown key "evry", did you mean "every"?'],
  'session-multiples': [
    '5:24 session must be a multiple of every: 45s is none of 30s; the nearest is 1m',
    '5:34 max must be a multiple of every: 5s is none of 30s; the nearest is 30s',
  ],
  'session-default-max': ['5:36 max must be a multiple of every: 1h is none of 7s; the nearest is 59m58s'],
  'jitter-text': ['2:9 jitter must be true or false'],
  'jitter-of-rule': ['5:5 unknown key "jitter"'],
  'match-empty': ['5:12 "" is no selector: write it like {service="checkout",status=~"5.."}'],
  'match-mapping': ['5:12 match must be a text'],
  'match-unquoted': [
    '5:12 "{service=checkout}" is no selector: write it like {service="checkout",status=~"5.."}',
  ],
  'match-not-closed': [
    '5:12 "{service="checkout"" is no selector: write it like {service="checkout",status=~"5.."}',
  ],
  'match-no-comma': [
    '5:12 "{service="checkout" method="GET"}" is no selector: write it like {service="checkout",status=~"5.."}',
  ],
  'match-comma-alone': ['5:12 "{,}" is no selector: write it like {service="checkout",status=~"5.."}'],
  'match-strange-character': [
    '5:12 "{service="checkout"} offset 5m;" is no selector: write it like {service="checkout",status=~"5.."}',
  ],
  'match-metric-behind': [
    '5:12 "{service="checkout"} http_requests" is no selector: write it like {service="checkout",status=~"5.."}',
  ],
  'match-unknown-escape': ['5:12 \\. is no escape: write a backslash as \\\\'],
  'match-bad-regex': ['5:12 "(" is no regular expression: Unterminated group'],
  'match-regex-leaves-anchors': [`5:12 "a)|(?:b" is no regular expression: Unmatched ')'`],
  'match-regex-flags': ['5:12 "(?i)get" is no regular expression: Invalid group'],
  'match-label-with-colon': ['5:12 "a:b" is no label name'],
  'match-name-label': ['5:12 "__name__" is no label here: write the metric in front, like name{a="x"}'],
  'match-reserved-label': ['5:12 "__address__" is reserved: no label begins with __'],
  'errors-metric': ['5:13 errors takes matchers alone, without a metric name'],
  'errors-null': ['5:12 errors must be a text'],
  'by-text': ['5:9 by must be a list'],
  'by-null': ['5:8 by must be a list'],
  'by-items': [
    '5:17 by must be a text',
    '5:23 "5" is no label name',
    '5:26 "a-b" is no label name',
    '5:31 "__name__" is no label here: write the metric in front, like name{a="x"}',
    '5:41 by must be a text',
  ],
  'context-unknown-measure': [
    '5:29 unknown measure "requestrate", did you mean "request_rate"?',
    '5:42 unknown measure "load"',
  ],
  'min-requests-negative': ['5:19 min_requests must be a whole number from 0 on'],
  'min-requests-fraction': ['5:19 min_requests must be a whole number from 0 on'],
  'min-requests-text': ['5:19 min_requests must be a whole number from 0 on'],
  'min-requests-too-great': ['5:19 min_requests must be a whole number from 0 on'],
  'min-requests-null': ['5:18 min_requests must be a whole number from 0 on'],
  'severity-unknown': ['5:15 severity must be one of critical, warning, info'],
  'severity-upper-case': ['5:15 severity must be one of critical, warning, info, did you mean "critical"?'],
  'severity-null': ['5:14 severity must be a text'],
  'baseline-offset-too-many': [
    '5:15 offset 1w is 20170 windows of 30s to remember of each group, of at most 3000: take a window of 4m or longer',
  ],
  'baseline-offset-short': [
    '6:15 offset must be as long as the window, 5m, or longer',
    '10:15 offset is of windows that lie side by side: sessions have none',
  ],
  'mad-without-median': [
    '7:11 mad is the deviation from a median: add baseline: { method: median }',
    '8:25 method must be one of mean, median, did you mean "median"?',
  ],
  'no-data-alert-session': [
    '6:14 no_data: alert is of windows that lie side by side: a session is over because there are no data',
  ],
  'when-empty-list': ['4:11 when is an empty list: give at least one condition'],
  'clear-second': ['6:7 unknown measure "mean_latenzy", did you mean "mean_latency"?'],
  'no-data-unknown': ['5:14 no_data must be one of keep, alert, resolve, ignore, did you mean "keep"?'],
  'baseline-number': ['5:15 baseline must be a mapping'],
  'baseline-null': ['5:14 baseline must be a mapping'],
  'baseline-unknown-key': ['5:17 unknown key "window", did you mean "windows"?'],
  'baseline-values': [
    '5:26 windows must be a whole number from 1 on',
    '5:42 min_windows must be a whole number from 1 on',
    '5:56 freeze must be true or false',
    '5:72 "1" is no duration: write it like 30s, 5m, 1h30m or 500ms',
  ],
  'baseline-min-windows': ['5:42 min_windows is 4, but there are only 3 windows'],
  'baseline-min-windows-of-defaults': ['7:15 min_windows is 4, but there are only 3 windows'],
  'baseline-min-windows-told-once': ['3:40 min_windows is 7, but there are only 6 windows'],
  'labels-list': ['5:13 labels must be a mapping'],
  'labels-null': ['5:12 labels must be a mapping'],
  'labels-values': [
    '5:21 labels.team must be a text',
    '5:30 labels.pager must be a text',
    '5:42 labels.tier must be a text',
    '5:47 labels.owner must be a text',
  ],
  'labels-names': [
    '5:15 "a-b" is no label name',
    '5:23 "1" is no label name',
    '5:29 "__proto__" is reserved: no label begins with __',
    '5:43 "" is no label name',
  ],
  'labels-reserved': [
    '5:15 "alertname" cannot stand under labels: it is set from the rule itself',
    '5:33 "severity" cannot stand under labels: it is set from the rule itself',
  ],
  'annotations-text': ['5:18 annotations must be a mapping'],
  'annotations-unknown-key': [
    '6:7 unknown key "sumary", did you mean "summary"?',
    '7:7 unknown key "runbook"',
  ],
  'annotations-null': ['5:29 summary must be a text'],
  'template-unknown': [
    '6:16 unknown template {{ $label.route }}: there are {{ $value }} and {{ $labels.NAME }}',
  ],
  'template-not-closed': ['6:16 a template is not closed: {{ needs }}'],
  'template-function': [
    '6:20 unknown template {{ $value | humanize }}: there are {{ $value }} and {{ $labels.NAME }}',
  ],
  many: [
    '1:10 version must be 1',
    '3:3 unknown key "widnow", did you mean "window"?',
    '4:10 "soon" is no duration: write it like 30s, 5m, 1h30m or 500ms',
    '6:12 alert "checkout" must be written in CamelCase, like CheckoutSlow',
    '7:12 "{service=checkout}" is no selector: write it like {service="checkout",status=~"5.."}',
    '8:11 unknown measure "mean_latncy", did you mean "mean_latency"?',
    '9:29 unknown template {{ $vale }}: there are {{ $value }} and {{ $labels.NAME }}',
    '10:5 alert is missing: give the rule a name',
    '11:10 "5" is no duration: write it like 30s, 5m, 1h30m or 500ms',
    '12:5 when is missing: say when the rule is broken, like mean_latency > 300ms',
    '13:15 severity must be one of critical, warning, info',
  ],
};

const told = (name: string): readonly string[] => {
  const file = `${name}.yaml`;
  const compiled = compileRules({ file, text: readFileSync(new URL(file, folder), 'utf8') });
  return 'problems' in compiled ? compiled.problems.map(formatDiagnostic) : [];
};

describe('a defect is told with its place and the way out', () => {
  test.each(Object.entries(defects))('%s', (name, expected) => {
    expect(told(name)).toEqual(expected.map((line) => `${name}.yaml:${line}`));
  });

  test('every fixture stands in the list', () => {
    const names = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''));
    expect(names.sort()).toEqual(Object.keys(defects).sort());
  });
});
