import type { RuleSet } from '../pipeline/model/rule.js';
import { DirectPoller } from '../pipeline/spout/direct-poller.js';
import { HistoryPoller } from '../pipeline/spout/history-poller.js';
import type { Target } from '../pipeline/spout/metric-source.js';
import type { Poller, Say } from '../pipeline/spout/poller.js';
import type { RuleSource } from '../pipeline/stage/rule-source.js';
import { linkedAbort } from '../platform/linked-abort.js';
import type { PrometheusSettings } from '../platform/scrape/prometheus.js';
import { readPem } from './authority.js';
import type { Given } from './settings.js';
import { UsageError } from './usage-error.js';

/** Settings that say how Prometheus lets one in. */
export const prometheusAccess = [
  'prometheusUsername',
  'prometheusPassword',
  'prometheusTokenFile',
  'prometheusHeader',
  'prometheusCa',
  'prometheusCert',
  'prometheusKey',
] as const;
export type PrometheusGiven = Given<'prometheusUrl' | (typeof prometheusAccess)[number]>;

/** Settings that say where metrics come from. */
export const pollerSettings = [
  'target',
  'gauge',
  'family',
  'scrapeInterval',
  'prometheusUrl',
  ...prometheusAccess,
] as const;
export type PollerSettings = Given<(typeof pollerSettings)[number]>;

/** Scrapes the targets, or reads what Prometheus scrapes: the families that the rules name. */
export async function pollerOf(
  settings: PollerSettings,
  { rules, say }: { readonly rules: RuleSource; readonly say: Say },
): Promise<Poller> {
  const { target, prometheusUrl, scrapeInterval } = settings;
  const gauges = (): readonly string[] => gaugesOf(rules.current, settings.gauge);
  if (prometheusUrl === '') {
    if (target.length > 0) return directPoller(target, { interval: scrapeInterval, gauges, say });
    throw new UsageError('PROMETHEUS_URL is missing: set it, or give --target (where metrics come from)');
  }
  if (target.length > 0)
    throw new UsageError(
      'PROMETHEUS_URL and --target exclude each other: a spout has one way of getting metrics, start one for each',
    );
  const { prometheus } = await import('../platform/scrape/prometheus.js');
  const source = prometheus(prometheusOf(settings));
  const families = countedBy(rules.current, settings);
  return new HistoryPoller({ source, families, gauges: gauges(), clock: Date.now, say });
}

/** The metrics that the rules measure and that count: families without gauges. */
export const familiesOf = ({ selections }: RuleSet): readonly string[] => [
  ...new Set(selections.filter(({ gauge }) => !gauge).map(({ metric }) => metric)),
];

/** The same, and those that are named besides; what is a gauge by the rules or by name cannot be one of them. */
export function countedBy(
  rules: RuleSet,
  { family, gauge }: Pick<PollerSettings, 'family' | 'gauge'>,
): readonly string[] {
  const both = gaugesOf(rules, gauge).find((name) => family.includes(name));
  if (both !== undefined)
    throw new UsageError(`--family ${both}: it is recorded as a gauge, and it is one or the other`);
  return [...new Set([...familiesOf(rules), ...family])];
}

/** The gauges that the rules measure, and those that are named besides. */
export function gaugesOf(rules: RuleSet, named: readonly string[]): readonly string[] {
  const counted = named.find((name) => familiesOf(rules).includes(name));
  if (counted !== undefined)
    throw new UsageError(`--gauge ${counted}: a rule measures it as a counter, and it is one or the other`);
  const measured = rules.selections.filter(({ gauge }) => gauge).map(({ metric }) => metric);
  return [...new Set([...measured, ...named])];
}

/**
 * Runs what reads the metrics that the rules name, again and again: it ends, and begins anew where it left off in
 * the log, when the rules name others. A poller that asks Prometheus knows of a series that it has not asked for
 * before neither since when it counts nor what of it is in the log.
 */
export async function whileNamed(
  rules: RuleSource,
  run: (signal: AbortSignal) => Promise<void>,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    using term = linkedAbort(until);
    const named = namesIn(rules.current);
    const follow = (): void => {
      if (term.signal.aborted) return;
      if (namesIn(rules.current) === named) rules.changed.addEventListener('abort', follow, { once: true });
      else term.abort();
    };
    follow();
    await run(term.signal);
    if (!term.signal.aborted) return;
  }
}

const namesIn = ({ selections }: RuleSet): string =>
  JSON.stringify([...new Set(selections.map(({ metric, gauge }) => `${gauge} ${metric}`))].sort());

export interface DirectSettings {
  /** ms */
  readonly interval: number;
  /** Gauges that are taken from here on; of what counts, everything is. */
  readonly gauges: () => readonly string[];
  readonly say: Say;
}

/** Scrapes targets, all at once. */
export async function directPoller(
  targets: readonly Target[],
  { interval, gauges, say }: DirectSettings,
): Promise<Poller> {
  const { scrapeHttp } = await import('../platform/scrape/http-scrape.js');
  // A mistake in what was asked for is told at once.
  gauges();
  const scrape = ({ url }: Target, signal: AbortSignal) => scrapeHttp(url, signal, new Set(gauges()));
  const source = { targets, scrape };
  return new DirectPoller({ source, interval, clock: Date.now, say });
}

/** Where Prometheus is, and how it lets one in. */
export function prometheusOf(settings: PrometheusGiven): PrometheusSettings {
  const { prometheusUsername: username, prometheusPassword: password, prometheusTokenFile } = settings;
  const { prometheusCa, prometheusCert, prometheusKey } = settings;
  if (username !== '' && prometheusTokenFile !== '')
    throw new UsageError('PROMETHEUS_USERNAME and PROMETHEUS_TOKEN_FILE exclude each other: give one');
  if ((username === '') !== (password === ''))
    throw new UsageError('PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD belong together: give both');
  if ((prometheusCert === '') !== (prometheusKey === ''))
    throw new UsageError('PROMETHEUS_CERT and PROMETHEUS_KEY belong together: give both');
  return {
    url: settings.prometheusUrl,
    ...(username === '' ? {} : { basic: { username, password } }),
    ...(prometheusTokenFile === '' ? {} : { tokenFile: prometheusTokenFile }),
    headers: Object.fromEntries(settings.prometheusHeader),
    tls: {
      ...(prometheusCa === '' ? {} : { ca: readPem('PROMETHEUS_CA', prometheusCa) }),
      ...(prometheusCert === '' ? {} : { cert: readPem('PROMETHEUS_CERT', prometheusCert) }),
      ...(prometheusKey === '' ? {} : { key: readPem('PROMETHEUS_KEY', prometheusKey) }),
    },
  };
}
