import { formatMeasure } from '../model/format.js';
import { inWords, short } from '../model/units.js';
import type { Standing } from './report.js';
import type { BrokenWindow } from './tally.js';

/** A time in UTC, to the second. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A share as people read it, with what is missing to 100 % told exactly. */
export const percent = (share: number | null): string =>
  share === null ? 'not judged' : inWords(share, 'share');

export const budgetText = (left: number | null): string => (left === null ? '' : `${short(left * 100)}%`);

/** A span in minutes. */
export const minutes = (ms: number | null): string => (ms === null ? '' : `${short(ms / 60_000)} min`);

export const brokenText = ({ measure, operator }: Standing, { value, threshold }: BrokenWindow): string => {
  const what = value === null ? 'beyond its buckets' : formatMeasure(measure, value);
  return threshold === null ? what : `${what} ${operator} ${formatMeasure(measure, threshold)}`;
};
