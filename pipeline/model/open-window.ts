import type { Partial } from '../../schemas/types.js';
import { type Buckets, type SharedBounds, shared } from './buckets.js';
import type { Labels } from './matcher.js';
import { type CoveredSums, type GroupWindow, greatest } from './sums.js';
import { groupText } from './text.js';
import { widen } from './widen.js';

/** A group's numbers in `PartSums`: requests, latencySum, errors, samples, and whether it is covered. */
const WIDTH = 5;
/** A partition has room for so many groups at first. */
const FIRST_GROUPS = 32;

/** The last number of a group; 0 where the partition has no partial of it. */
const NOT_COVERED = 1;
const COVERED = 2;

/** The partials of one source partition in one window, by place of the group: no object for each. */
class PartSums {
  #numbers: Float64Array;
  /** Only of groups that have any. */
  readonly buckets: (Buckets | null)[] = [];
  readonly maxima: (number | null)[] = [];

  constructor(groups: number) {
    this.#numbers = new Float64Array(Math.max(FIRST_GROUPS, groups) * WIDTH);
  }

  get numbers(): Float64Array {
    return this.#numbers;
  }

  set(place: number, partial: Partial, buckets: Buckets | null): void {
    const at = place * WIDTH;
    if (at >= this.#numbers.length) {
      const room = Math.max(2 * this.#numbers.length, at + WIDTH);
      this.#numbers = widen(new Float64Array(room), this.#numbers);
    }
    const numbers = this.#numbers;
    numbers[at] = partial.requests;
    numbers[at + 1] = partial.latencySum;
    numbers[at + 2] = partial.errors;
    numbers[at + 3] = partial.samples;
    numbers[at + 4] = partial.covered ? COVERED : NOT_COVERED;
    if (buckets !== null || this.buckets.length > 0) this.buckets[place] = buckets;
    if (partial.max !== null || this.maxima.length > 0) this.maxima[place] = partial.max;
  }

  /** Null where there is no partial of the group. */
  get(place: number): CoveredSums | null {
    const numbers = this.#numbers;
    const at = place * WIDTH;
    if (at >= numbers.length || numbers[at + 4] === 0) return null;
    return {
      requests: numbers[at] as number,
      latencySum: numbers[at + 1] as number,
      errors: numbers[at + 2] as number,
      samples: numbers[at + 3] as number,
      covered: numbers[at + 4] === COVERED,
      buckets: this.buckets[place] ?? null,
      max: this.maxima[place] ?? null,
    };
  }
}

interface GroupParts {
  readonly group: Labels;
  /** By source partition. */
  readonly parts: readonly (readonly [partition: number, sums: CoveredSums])[];
}

/** What has come for a window that is not closed yet: its groups, and what each source partition says of them. */
export class OpenWindow {
  readonly #labels: Labels[] = [];
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #parts: (PartSums | undefined)[] = [];
  /** Place of the group that came last. */
  #last = -1;

  constructor(
    readonly selection: string,
    /** ms */
    readonly start: number,
    readonly bounds: SharedBounds,
  ) {}

  add(sourcePartition: number, partial: Partial): void {
    const place = this.#placeOf(partial.group);
    let part = this.#parts[sourcePartition];
    if (part === undefined) {
      part = new PartSums(this.#labels.length);
      this.#parts[sourcePartition] = part;
    }
    part.set(place, partial, partial.buckets && this.bounds.fromRecord(partial.buckets));
    this.#last = place;
  }

  /** Mostly it is the next one: groups come in the same order from all source partitions. */
  #placeOf(labels: Labels): number {
    const next = this.#last + 1;
    if (this.#labels[next] === labels) return next;
    const text = groupText(labels);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.#labels.length;
    this.#places.set(text, place);
    this.#labels.push(labels);
    this.#texts.push(text);
    return place;
  }

  /** Its groups, in no order: summed left to right, by source partition. */
  merged(end: number): GroupWindow[] {
    const parts = this.#parts.filter((part) => part !== undefined);
    return this.#labels.map((_, place) => this.#mergedAt(place, parts, end));
  }

  #mergedAt(place: number, parts: readonly PartSums[], end: number): GroupWindow {
    const at = place * WIDTH;
    let requests = 0;
    let latencySum = 0;
    let errors = 0;
    let samples = 0;
    let covered = false;
    let max: number | null = null;
    let buckets: Buckets[] | null = null;
    for (const { numbers, buckets: kept, maxima } of parts) {
      if (at >= numbers.length || numbers[at + 4] === 0) continue;
      requests += numbers[at] as number;
      latencySum += numbers[at + 1] as number;
      errors += numbers[at + 2] as number;
      samples += numbers[at + 3] as number;
      covered ||= numbers[at + 4] === COVERED;
      if (maxima.length > 0) max = greatest(max, maxima[place] ?? null);
      const more = kept.length > 0 ? kept[place] : null;
      if (more) {
        buckets ??= [];
        buckets.push(more);
      }
    }
    return {
      text: this.#texts[place] as string,
      labels: this.#labels[place] as Labels,
      start: this.start,
      end,
      requests,
      latencySum,
      errors,
      samples,
      covered,
      buckets: buckets && shared(buckets),
      max,
    };
  }

  /** The partials of each group, by source partition, in the order in which the groups came first. */
  byGroup(): readonly GroupParts[] {
    return this.#labels.map((group, place) => ({
      group,
      parts: this.#parts.flatMap((part, partition) => {
        const sums = part?.get(place) ?? null;
        return sums === null ? [] : [[partition, sums] as const];
      }),
    }));
  }
}
