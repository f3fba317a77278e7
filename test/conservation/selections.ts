import { createHash } from 'node:crypto';

export const METRIC = 'http_request_duration_seconds';
export const GAUGE = 'queue_level';

export type Labels = Readonly<Record<string, string>>;

export interface PlainSelection {
  readonly id: string;
  readonly metric: string;
  readonly gauge: boolean;
  readonly buckets: boolean;
  readonly wants: (labels: Labels) => boolean;
  readonly by: readonly string[];
  /** Of sessions, the longest. */
  readonly window: number;
  readonly grace: number;
  /** What windows are put together from. */
  readonly panes?: PlainSelection;
  readonly gap?: number;
}

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

type Kind = Omit<PlainSelection, 'id' | 'wants'> & { readonly status: string | null };
const usual: Kind = {
  metric: METRIC,
  gauge: false,
  buckets: false,
  status: null,
  by: ['route'],
  window: 10_000,
  grace: 0,
};

function select(how: Partial<Kind>): PlainSelection {
  const kind = { ...usual, ...how };
  const { metric, gauge, buckets, status: only, by, window, grace, panes, gap } = kind;
  const matchers = `{route!="/none"${only === null ? '' : `,status="${only}"`}}`;
  const errors = gauge ? 'gauge' : 'errors{status=~"5.."}';
  const session = gap === undefined ? '' : `session ${gap}/`;
  const lengths = `${session}${window}${panes ? `/${panes.window}` : ''} ${grace}`;
  const text = `${metric}${matchers} ${errors} by (${by.join(',')}) ${lengths}${buckets ? ' buckets' : ''}`;
  return {
    ...kind,
    id: sha(text).slice(0, 16),
    wants: ({ route, status }) => route !== '/none' && (only === null || status === only),
  };
}
/** Put together from panes of that length; a session where there is a gap. */
const over = (every: number, { gap, ...how }: Partial<Kind>): PlainSelection =>
  select({ ...how, ...(gap === undefined ? {} : { gap }), panes: select({ ...how, window: every }) });

const counted = { metric: GAUGE, gauge: true };
const buckets = true;

export const byRoute = select({});
export const withGrace = select({ window: 15_000, grace: 5000 });
export const good = select({ status: '200' });
export const whole = select({ by: [] });
export const kept = select({ buckets });
export const keptWhole = select({ buckets, by: [] });
export const level = select(counted);
export const levels = select({ ...counted, by: [], window: 15_000, grace: 5000 });
export const rolling = over(10_000, { window: 30_000 });
export const rollingErrors = over(5000, { window: 20_000, grace: 5000 });
export const hour = over(60_000, { window: 3_900_000 });
export const day = over(150_000, { window: 90_000_000 });
export const visit = over(10_000, { window: 60_000, gap: 20_000 });
export const visits = over(5000, { by: [], window: 3_600_000, gap: 15_000 });
export const rollingKept = over(10_000, { buckets, window: 30_000 });
export const hourKept = over(60_000, { buckets, by: [], window: 3_900_000 });
export const visitKept = over(10_000, { buckets, window: 60_000, gap: 20_000 });
export const rollingLevels = over(5000, { ...counted, by: [], window: 20_000, grace: 5000 });
export const visitLevel = over(10_000, { ...counted, window: 60_000, gap: 20_000 });
export const minute = select({ window: 60_000 });
export const minutes = over(60_000, { window: 120_000 });
export const budget = over(10_000, { window: 20_000 });
export const slowBudget = over(10_000, { window: 40_000 });
export const fast = over(10_000, { buckets, by: [], window: 20_000 });

const inOrderOfId = (all: readonly PlainSelection[]): PlainSelection[] =>
  [...new Map(all.map((one) => [one.id, one])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Those that rules judge by. */
export const judged = inOrderOfId([
  ...[byRoute, withGrace, good, whole, kept, keptWhole, level, levels],
  ...[rolling, rollingErrors, hour, day, visit, visits],
  ...[rollingKept, hourKept, visitKept, rollingLevels, visitLevel],
  ...[minute, minutes, budget, slowBudget, fast],
]);
/** Those that are computed as they are, in order of id, as batches list them. */
export const selections = inOrderOfId(judged.map((one) => one.panes ?? one));

/** `{a="x"}`; no label here needs an escape. Absent labels are left out. */
export const textOf = (labels: Labels): string =>
  `{${Object.keys(labels)
    .sort()
    .filter((name) => labels[name])
    .map((name) => `${name}="${labels[name]}"`)
    .join(',')}}`;
