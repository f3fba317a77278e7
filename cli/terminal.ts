import {
  decidingRate,
  furtherConditions,
  overText,
  ratesOf,
  rateText,
  resultText,
} from '../pipeline/model/alert-text.js';
import { formatMeasure } from '../pipeline/model/format.js';
import { briefOf, isQuantile, type Measure } from '../pipeline/model/measures.js';
import { printable } from '../pipeline/model/text.js';
import { short } from '../pipeline/model/units.js';
import type { AlertRecord, ContextMeasure, WindowRecord } from '../schemas/types.js';

const colours: Readonly<Record<AlertRecord['state'], number>> = {
  firing: 31,
  pending: 33,
  resolved: 32,
  inactive: 90,
};

const clockTime = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

export interface FormatOptions {
  readonly color?: boolean;
  /** With date, id, revision and summary. */
  readonly wide?: boolean;
}

/** One transition as one line: when, what, how bad against what, what else changed, and which rule says so. */
export function formatAlert(alert: AlertRecord, options: FormatOptions = {}): string {
  const line = alertLine(alert, options);
  if (options.wide !== true) return line;
  const { summary = '' } = alert.annotations;
  const said = summary === '' ? [] : [JSON.stringify(printable(summary))];
  return [line, `id=${alert.id}`, `revision=${alert.rule.revision}`, ...said].join(' ');
}

function alertLine(alert: AlertRecord, { color = false, wide = false }: FormatOptions): string {
  const state = alert.state.toUpperCase().padEnd(8);
  const painted = color ? `\x1b[1;${colours[alert.state]}m${state}\x1b[0m` : state;
  const measure = alert.measure as Measure;
  const { alertname: _a, severity: _s, ...group } = alert.labels;
  // A quantile above the last finite bound is no number, but high.
  const beyond = alert.value === null && alert.requests !== null && isQuantile(measure);
  const said = beyond ? 'beyond its buckets' : formatMeasure(measure, alert.value);
  const value = measure === 'burn_rate' ? `${briefOf(measure)} ${said}` : said;
  const head = [
    wide ? new Date(alert.windowEnd).toISOString() : clockTime(alert.windowEnd),
    painted,
    alert.severity,
    alert.alert,
    ...groupValues(group),
    value,
  ];
  if (alert.state === 'resolved' || alert.state === 'inactive') {
    const reason = alert.reason === null || alert.reason === 'recovered' ? [] : [`(${alert.reason})`];
    return [...head, 'after', duration((alert.endsAt ?? alert.windowEnd) - alert.startsAt), ...reason].join(
      ' ',
    );
  }
  const place = `${alert.rule.file}:${alert.rule.line}`;
  return [
    ...head,
    ...comparison(alert, measure),
    ...furtherConditions(alert).map((one) => `and ${briefOf(one.measure as Measure)} ${resultText(one)}`),
    ...(wide ? otherRates(alert) : []),
    ...alert.context.map(contextText),
    `n=${count(alert.requests)}`,
    place,
  ].join(' ');
}

/** One closed window as one line. */
export function formatWindow(window: WindowRecord, wide = false): string {
  const length = window.end - window.start;
  const time = wide ? new Date(window.end).toISOString() : clockTime(window.end);
  const head = [time, `${length / 1000}s`, ...Object.values(window.group).map(printable)];
  const sums = wide ? [`n=${count(window.requests)}`, `selection=${window.selection}`] : [];
  return [
    ...head,
    ...(window.max === null ? countedOf(window, length) : gaugeOf(window, window.max)),
    ...sums,
  ]
    .filter(Boolean)
    .join(' ');
}

const gaugeOf = ({ meanLatency }: WindowRecord, max: number): readonly string[] => [
  `avg ${formatMeasure('avg', meanLatency)}`,
  `max ${formatMeasure('max', max)}`,
];

function countedOf(window: WindowRecord, length: number): readonly string[] {
  const errors = window.errorRatio === null ? '' : formatMeasure('error_ratio', window.errorRatio);
  return [sumOf(window, length), formatMeasure('request_rate', window.requestRate), errors];
}

/** What its sum is of: bytes where the metric's name says so, else latencies. */
function sumOf({ metric, meanLatency, latencySum }: WindowRecord, length: number): string {
  if (meanLatency === null) return 'no requests';
  if (metric.endsWith('_bytes')) return formatMeasure('throughput', (latencySum * 1000) / length);
  return formatMeasure('mean_latency', meanLatency);
}

/** The labels of the group, in the order in which people say them. */
export function groupValues(group: Readonly<Record<string, string>>): string[] {
  const usual = ['service', 'method', 'route'].filter((name) => name in group);
  const others = Object.keys(group).filter((name) => !usual.includes(name));
  return [
    ...usual.map((name) => printable(group[name] ?? '')),
    ...others.map((name) => `${name}=${printable(group[name] ?? '')}`),
  ];
}

/** The burn rates that did not decide. */
const otherRates = (alert: AlertRecord): string[] => {
  const deciding = decidingRate(alert);
  const others = ratesOf(alert).filter(({ long }) => long !== deciding?.long);
  return others.map((rate) => `(else ${rateText(rate)})`);
};

function comparison(alert: AlertRecord, measure: Measure): string[] {
  const { operator, threshold, baseline, value } = alert;
  if (threshold === null) return [];
  const rate = decidingRate(alert);
  if (rate !== null) return [overText(rate)];
  if (baseline === null) return [operator, formatMeasure(measure, threshold)];
  const factor = baseline.value === 0 ? '' : `${short(threshold / baseline.value)} x `;
  const ratio = value === null || baseline.value === 0 ? [] : [`(${(value / baseline.value).toFixed(2)}x)`];
  return [operator, `${factor}${formatMeasure(measure, baseline.value)}`, ...ratio];
}

function contextText({ measure, value, baseline, rising }: ContextMeasure): string {
  const now = formatMeasure(measure as Measure, value);
  const before =
    baseline === null ? '' : `${formatMeasure(measure as Measure, baseline).replace(/\/s$/, '')} -> `;
  return `${briefOf(measure as Measure)} ${before}${now}${rising ? ' up' : ''}`;
}

const count = (requests: number | null): string => (requests === null ? '0' : String(Math.round(requests)));

/** A time span as people read it: `45s`, `3m00s`, `2h05m`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds}s`;
  const rest = `${String(seconds % 60).padStart(2, '0')}s`;
  return minutes < 60
    ? `${minutes}m${rest}`
    : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
