import type { Partial, PartialBatch } from '../../schemas/types.js';
import { toRecord } from './buckets.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { type CoveredSums, loadDetail, saveDetail } from './sums.js';

/** A partial that waits for its window to close. */
interface Waiting extends Pick<Partial, 'selection' | 'group' | 'start'> {
  readonly sums: CoveredSums;
}

/** With the source partition that it is of. */
export function savePartial(to: StateWriter, partition: number, { sums, ...part }: Waiting): void {
  to.u32(partition);
  to.text(part.selection);
  to.labels(part.group);
  to.f64(part.start);
  to.f64(sums.requests);
  to.f64(sums.latencySum);
  to.f64(sums.errors);
  to.f64(sums.samples);
  to.bool(sums.covered);
  saveDetail(to, sums);
}

/** What `savePartial` wrote behind the source partition. */
export const loadPartial = (from: StateReader): Partial => {
  const sums = loadPartialSums(from);
  const { buckets, max } = loadDetail(from);
  return { ...sums, buckets: buckets === null ? null : toRecord(buckets), max };
};

const loadPartialSums = (from: StateReader): Omit<Partial, 'buckets' | 'max'> => ({
  selection: from.text(),
  group: from.labels(),
  start: from.f64(),
  requests: from.f64(),
  latencySum: from.f64(),
  errors: from.f64(),
  samples: from.f64(),
  covered: from.bool(),
});

/** A part of a batch that is not complete. Numbers that JSON lacks, as the bound +Inf of a bucket, stand in a list. */
export const savePart = (to: StateWriter, part: PartialBatch): void =>
  to.text(JSON.stringify(part, (_, value: unknown) => (isLacking(value) ? [inText(value)] : value)));

export const loadPart = (from: StateReader): PartialBatch =>
  JSON.parse(from.text(), (_, value: unknown) => (isListed(value) ? Number(value[0]) : value));

const isLacking = (value: unknown): value is number =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));

const inText = (value: number): string => (value === 0 ? '-0' : String(value));

/** No other list of a batch holds texts. */
const isListed = (value: unknown): value is readonly [string] =>
  Array.isArray(value) && typeof value[0] === 'string';
