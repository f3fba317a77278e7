import type { WindowRecord } from '../../schemas/types.js';
import { fromRecord } from './buckets.js';
import type { Rule } from './rule.js';
import type { Sums } from './sums.js';

/** What a window's record says, as rules are judged by it. */
export const sumsOf = ({ requests, latencySum, errors, buckets, max }: WindowRecord): Sums => ({
  ...{ requests, latencySum, errors, max },
  buckets: buckets && fromRecord(buckets),
});

/** When a window is judged, ms since the epoch: at its end; a session when it is over. */
export const judgedAt = (
  { selection: { panes } }: Rule,
  { start, end }: Pick<WindowRecord, 'start' | 'end'>,
): number => (panes?.session ? Math.min(end + panes.session.gap, start + panes.session.max) : end);
