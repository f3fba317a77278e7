import { createHash } from 'node:crypto';

export const METRIC = 'http_request_duration_seconds';

export type Labels = Readonly<Record<string, string>>;

export interface PlainSelection {
  readonly id: string;
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
const selection = (text: string, rest: Omit<PlainSelection, 'id'>): PlainSelection => ({
  ...rest,
  id: sha(text).slice(0, 16),
});

export const byRoute = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by (route) 10000 0`, {
  wants: ({ route }) => route !== '/none',
  by: ['route'],
  window: 10_000,
  grace: 0,
});
export const withGrace = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by (route) 15000 5000`, {
  wants: ({ route }) => route !== '/none',
  by: ['route'],
  window: 15_000,
  grace: 5000,
});
export const good = selection(
  `${METRIC}{route!="/none",status="200"} errors{status=~"5.."} by (route) 10000 0`,
  {
    wants: ({ route, status }) => route !== '/none' && status === '200',
    by: ['route'],
    window: 10_000,
    grace: 0,
  },
);
export const whole = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by () 10000 0`, {
  wants: ({ route }) => route !== '/none',
  by: [],
  window: 10_000,
  grace: 0,
});

const routePanes = (window: number, grace = 0): PlainSelection => {
  const { wants, by } = byRoute;
  const text = `${METRIC}{route!="/none"} errors{status=~"5.."} by (route) ${window} ${grace}`;
  return selection(text, { wants, by, window, grace });
};
const wholePanes = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by () 5000 0`, {
  ...whole,
  window: 5000,
});
const over = (panes: PlainSelection, window: number, gap?: number): PlainSelection => {
  const lengths =
    gap === undefined ? `${window}/${panes.window}` : `session ${gap}/${window}/${panes.window}`;
  const text = `${METRIC}{route!="/none"} errors{status=~"5.."} by (${panes.by.join(',')}) ${lengths} ${panes.grace}`;
  return selection(text, { ...panes, window, panes, ...(gap === undefined ? {} : { gap }) });
};
export const rolling = over(byRoute, 30_000);
export const rollingErrors = over(routePanes(5000, 5000), 20_000);
export const hour = over(routePanes(60_000), 3_900_000);
export const day = over(routePanes(150_000), 90_000_000);
export const visit = over(byRoute, 60_000, 20_000);
export const visits = over(wholePanes, 3_600_000, 15_000);

const inOrderOfId = (all: readonly PlainSelection[]): PlainSelection[] =>
  [...new Map(all.map((one) => [one.id, one])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
/** Those that rules judge by. */
export const judged = inOrderOfId([
  byRoute,
  withGrace,
  good,
  whole,
  rolling,
  rollingErrors,
  hour,
  day,
  visit,
  visits,
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
