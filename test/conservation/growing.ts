import type { Bounds, Note, Reading } from './records.js';

/** docs/semantics.md, "Records in", once more: what a sample says beside the one before. */

export interface Last {
  readonly t: number;
  readonly count: number;
  readonly sum: number;
  /** Those that are kept. */
  readonly buckets: Bounds;
}
/** A sample with the buckets that are kept. */
export type Kept = Omit<Reading, 'buckets'> & Pick<Last, 'buckets'>;

export interface Increase {
  readonly from: number;
  readonly count: number;
  readonly sum: number;
  readonly buckets: Bounds;
}

const LOOKBACK = 300_000;

const bytes = (text: string): number => Buffer.byteLength(text);

export function beyondLimits({ name, labels }: Reading, key: string): boolean {
  const all = Object.entries(labels).filter(([, value]) => value !== '');
  const long = [name, ...all.flat()].some((text) => bytes(text) > 1024);
  return long || all.length > 64 || bytes(key) > 16_384;
}

export function isBad(
  { gauge, t, start, count, sum, buckets }: Reading,
  keeps: boolean,
  note: Note,
): boolean {
  if (gauge) return !Number.isFinite(sum);
  if (![count, sum].every((value) => Number.isFinite(value) && value >= 0)) return true;
  if (start !== null && start > t) return true;
  const pairs = keeps ? buckets.slice(1).map((bucket, i) => ({ bucket, before: buckets[i] ?? bucket })) : [];
  const falls = pairs.some(({ bucket, before }) => bucket.count < before.count);
  const stays = pairs.some(({ bucket, before }) => bucket.le <= before.le);
  if (falls) note('buckets that fall from bound to bound');
  if (stays) note('bounds that do not rise');
  return falls || stays;
}

const bucketFell = ({ buckets }: Kept, last: Last): boolean =>
  [...buckets].some(([le, count]) => count < (last.buckets.get(le) ?? 0));

/** Whether it fell a little since the last sample, and no start says why. */
export function wavers(sample: Kept, last: Last): boolean {
  const { t, start, count, sum } = sample;
  if (t - last.t > LOOKBACK || (start !== null && start > last.t)) return false;
  const near = (now: number, before: number): boolean => now >= before || before - now < before / 8;
  const fell = count < last.count || sum < last.sum || bucketFell(sample, last);
  return fell && near(count, last.count) && near(sum, last.sum);
}

/** Null where the sample says nothing. */
export function increaseOf(sample: Kept, last: Last | undefined, note: Note): Increase | null {
  const { t, start, count, sum, buckets } = sample;
  const least = (from: number): Increase => ({ from: Math.min(from, t - 1), count, sum, buckets });
  if (!last || t - last.t > LOOKBACK) {
    if (last) note('a gap longer than the lookback');
    if (start === null || t - start > LOOKBACK) {
      note('a first sample that says nothing');
      return null;
    }
    note('a birth');
    return least(start);
  }
  const known = start !== null && start > last.t;
  const fell = bucketFell(sample, last);
  if (known || count < last.count || sum < last.sum || fell) {
    note(known ? 'a reset with a known start' : 'a reset');
    if (fell && count >= last.count && sum >= last.sum) note('a reset that only a bucket tells');
    return least(Math.max(last.t, start ?? last.t));
  }
  if (count === last.count) note('no growth');
  const grown = [...buckets].map(([le, count]) => [le, count - (last.buckets.get(le) ?? 0)] as const);
  return { from: last.t, count: count - last.count, sum: sum - last.sum, buckets: new Map(grown) };
}
