import { EPOCH } from './metrics-log.js';

/** Ends of the windows that a page shows, s after the beginning, with their routes. */
export const windowsOf = (page: string): string[] =>
  [...page.matchAll(/^tidemark_window_end_\w+{rule="AboveBaseline",route="(.*)"} (\d+)$/gm)].map(
    ([, route, end]) => `${Number(end) - EPOCH / 1000} ${route}`,
  );

/** The same of all that the first source of `writeMetrics` has, where each is shown once; sorted. */
export const shownAt = (end: number, steady: number): string[] =>
  ['/alternates', '/flap', ...Array.from({ length: steady }, (_, i) => `/steady/${i}`)]
    .map((route) => `${end} ${route}`)
    .sort();
