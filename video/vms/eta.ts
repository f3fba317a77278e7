import type { Video } from './records.js';

/**
 * When a video will be available, s from `now` (ms since the epoch) on, at the pace of its encode so far; null
 * where none is under way, or has not advanced yet.
 */
export function etaSeconds({ state, encoding }: Video, now: number): number | null {
  if (state !== 'uploaded' || encoding === null) return null;
  const { since, from, at, progress } = encoding;
  if (progress <= from || at <= since) return null;
  const left = ((at - since) / (progress - from)) * (1 - progress);
  // The two clocks may differ, and the pace may drop: never more than what was left then, nor less than nothing.
  return Math.ceil(Math.min(left, Math.max(0, left - (now - at))) / 1000);
}
