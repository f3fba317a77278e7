import { parseDuration } from '../pipeline/sla/duration.js';
import { UsageError } from './usage-error.js';

/** `7d` ago, or an ISO time, in ms since the epoch; throws `UsageError` that names the option. */
export function instant(option: string, text: string, now: number): number {
  const time = timeOf(text, now);
  // Beyond what a date can be.
  if (!Number.isNaN(new Date(time).valueOf())) return time;
  throw new UsageError(
    `${option} is "${text}": give a duration back like 7d, or a time like 2026-01-31T12:00:00Z`,
  );
}

/** NaN where it is neither. */
function timeOf(text: string, now: number): number {
  try {
    return now - parseDuration(text);
  } catch {
    return Date.parse(text);
  }
}

/** From where to where, ms since the epoch; without, as far as the data go. */
export function boundsOf(
  { from, to }: { readonly from?: string; readonly to?: string },
  now: number,
): { readonly from: number; readonly to: number } {
  const bounds = {
    from: from === undefined ? Number.NEGATIVE_INFINITY : instant('--from', from, now),
    to: to === undefined ? Number.POSITIVE_INFINITY : instant('--to', to, now),
  };
  if (bounds.from < bounds.to) return bounds;
  throw new UsageError(`--from ${from ?? ''} is not before --to ${to ?? ''}: give an earlier one`);
}
