import type { ApiStats, Latency } from './api-stats.js';
import { inWords, short } from './units.js';

export interface StatsColumn {
  readonly title: string;
  /** What it says, at length. */
  readonly meaning: string;
  /** Numbers stand to the right. */
  readonly right?: true;
  readonly text: (api: ApiStats) => string;
}

const units = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
] as const;

/** Bytes as people read them: `12B`, `3.4kB`, `1.2GB`. */
export function sizeText(bytes: number): string {
  const [size, name] = units.find(([least]) => bytes >= least) ?? [1, 'B'];
  return `${short(bytes / size)}${name}`;
}

/** What is not known is a dash; what lies above the last bound says so. */
function quantileText(latency: Latency | null, name: 'p50' | 'p95' | 'p99'): string {
  if (latency === null || latency.bound === null) return '-';
  const value = latency[name];
  return value === null ? `>${inWords(latency.bound, 's')}` : inWords(value, 's');
}

const quantile = (name: 'p50' | 'p95' | 'p99'): StatsColumn => ({
  ...{ title: name, meaning: `${name.slice(1)} % were answered within`, right: true },
  text: ({ latency }) => quantileText(latency, name),
});

/** How an API was used, as people read it. */
export const statsColumns: readonly StatsColumn[] = [
  { title: 'service', meaning: 'who answered', text: ({ service }) => service },
  { title: 'method', meaning: 'method', text: ({ method }) => method },
  { title: 'route', meaning: 'template of the paths', text: ({ route }) => route },
  {
    ...{ title: 'requests', meaning: 'how many', right: true },
    text: ({ requests }) => String(Math.round(requests)),
  },
  {
    ...{ title: 'rate', meaning: 'requests in a second', right: true },
    text: ({ rate }) => inWords(rate, '/s'),
  },
  {
    ...{ title: '4xx', meaning: 'answers that say that the client was wrong', right: true },
    text: ({ clientErrors }) => String(Math.round(clientErrors)),
  },
  {
    ...{ title: '5xx', meaning: 'answers that say that the server was', right: true },
    text: ({ serverErrors }) => String(Math.round(serverErrors)),
  },
  {
    ...{ title: 'mean', meaning: 'mean time to the end of the answer', right: true },
    text: ({ latency }) => (latency === null ? '-' : inWords(latency.mean, 's')),
  },
  quantile('p50'),
  quantile('p95'),
  quantile('p99'),
  {
    ...{ title: 'in', meaning: 'mean size of a request', right: true },
    text: ({ request }) => (request === null ? '-' : sizeText(request.mean)),
  },
  {
    ...{ title: 'out', meaning: 'mean size of an answer', right: true },
    text: ({ response }) => (response === null ? '-' : sizeText(response.mean)),
  },
  {
    ...{ title: 'all in', meaning: 'size of all requests', right: true },
    text: ({ request }) => (request === null ? '-' : sizeText(request.total)),
  },
  {
    ...{ title: 'all out', meaning: 'size of all answers', right: true },
    text: ({ response }) => (response === null ? '-' : sizeText(response.total)),
  },
];
