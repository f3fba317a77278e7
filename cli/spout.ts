import type { RuleSet } from '../pipeline/model/rule.js';
import { DirectPoller } from '../pipeline/spout/direct-poller.js';
import { HistoryPoller } from '../pipeline/spout/history-poller.js';
import type { Target } from '../pipeline/spout/metric-source.js';
import type { Poller, Say } from '../pipeline/spout/poller.js';
import type { PrometheusSettings } from '../platform/scrape/prometheus.js';
import { readPem } from './authority.js';
import type { Given } from './settings.js';
import { UsageError } from './usage-error.js';

/** Settings that say where metrics come from. */
export const pollerSettings = [
  ...(['target', 'scrapeInterval', 'prometheusUrl', 'prometheusUsername', 'prometheusPassword'] as const),
  ...([
    'prometheusTokenFile',
    'prometheusHeader',
    'prometheusCa',
    'prometheusCert',
    'prometheusKey',
  ] as const),
] as const;
export type PollerSettings = Given<(typeof pollerSettings)[number]>;

/** Scrapes the targets, or reads what Prometheus scrapes: the families that the rules name. */
export async function pollerOf(
  settings: PollerSettings,
  { rules, say }: { readonly rules: RuleSet; readonly say: Say },
): Promise<Poller> {
  const { target, prometheusUrl, scrapeInterval } = settings;
  if (prometheusUrl === '') {
    if (target.length > 0) return directPoller(target, { interval: scrapeInterval, say });
    throw new UsageError('PROMETHEUS_URL is missing: set it, or give --target (where metrics come from)');
  }
  if (target.length > 0)
    throw new UsageError(
      'PROMETHEUS_URL and --target exclude each other: a spout has one way of getting metrics, start one for each',
    );
  const { prometheus } = await import('../platform/scrape/prometheus.js');
  const source = prometheus(prometheusOf(settings));
  const families = [...new Set(rules.selections.map(({ metric }) => metric))];
  return new HistoryPoller({ source, families, clock: Date.now, say });
}

/** Scrapes targets, all at once. */
export async function directPoller(
  targets: readonly Target[],
  { interval, say }: { readonly interval: number; readonly say: Say },
): Promise<Poller> {
  const { scrapeHttp } = await import('../platform/scrape/http-scrape.js');
  const source = { targets, scrape: ({ url }: Target, signal: AbortSignal) => scrapeHttp(url, signal) };
  return new DirectPoller({ source, interval, clock: Date.now, say });
}

function prometheusOf(settings: PollerSettings): PrometheusSettings {
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
