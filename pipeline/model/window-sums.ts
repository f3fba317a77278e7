import type { WindowRecord } from '../../schemas/types.js';
import { fromRecord } from './buckets.js';
import type { Sums } from './sums.js';

/** What a window's record says, as rules are judged by it. */
export const sumsOf = ({ requests, latencySum, errors, buckets, max }: WindowRecord): Sums => ({
  ...{ requests, latencySum, errors, max },
  buckets: buckets && fromRecord(buckets),
});
