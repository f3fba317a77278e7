import { type Labels, type PlainSelection, selections, textOf } from './rules.js';

/**
 * docs/semantics.md, "Records in" and "Progress", once more: slow, record by record, in plain Maps, and
 * without a line of the engine.
 */
export interface Mark {
  readonly kind: 'mark';
  readonly partition: number;
  readonly source: string;
  readonly timestamp: number;
}
export interface Reading {
  readonly kind: 'sample';
  readonly partition: number;
  readonly name: string;
  readonly labels: Labels;
  readonly t: number;
  readonly start: number | null;
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  /** Then its value is the sum. */
  readonly gauge: boolean;
}
/** What cannot be read, or has no key. */
export interface Junk {
  readonly kind: 'junk';
  readonly partition: number;
  readonly bytes: Uint8Array;
}
/** A checkpoint of the stage, which is no record of the topic's own. */
export interface Passed {
  readonly kind: 'passed';
  readonly partition: number;
  readonly bytes: Uint8Array;
}
export type Entry = Mark | Reading | Junk | Passed;

export interface Sums {
  requests: number;
  latencySum: number;
  errors: number;
  samples: number;
  covered: boolean;
  /** Requests by bound, at the bounds that all that grew has; null where nothing grew. */
  buckets: Bounds | null;
  max: number | null;
}
/** Cumulative counts by bound, in order. */
export type Bounds = ReadonlyMap<number, number>;

/** Both together, at the bounds that both have; of nothing, the other. */
export function together(a: Bounds | null, b: Bounds | null): Bounds | null {
  if (a === null || b === null) return a ?? b;
  return new Map([...a].flatMap(([le, count]) => (b.has(le) ? [[le, count + (b.get(le) ?? 0)]] : [])));
}
export interface Letter {
  readonly reason: string;
  readonly offset: number;
  readonly records: number;
  readonly windows: readonly { readonly selection: string; readonly start: number }[];
}
interface Last {
  readonly t: number;
  readonly count: number;
  readonly sum: number;
  readonly buckets: Bounds;
  readonly gauge: boolean;
}
interface Increase {
  readonly from: number;
  readonly count: number;
  readonly sum: number;
  readonly buckets: Bounds;
}

const LOOKBACK = 300_000;
const MAX_SKEW = 600_000;
const FORGET = 3_600_000;
const RAW = 100;

/** How often each case came up. */
export type Seen = Map<string, number>;

export class PartitionModel {
  watermark = Number.NEGATIVE_INFINITY;
  readonly letters: Letter[] = [];
  readonly account: Record<string, number> = {};
  /** By selection, group text and start. */
  readonly windows = new Map<string, Map<string, Map<number, Sums>>>();
  readonly groups = new Map<string, Labels>();
  /** By selection: all that counters grew by, and what of it fell into closed windows. */
  readonly grown = new Map<string, { count: number; sum: number }>();
  readonly lost = new Map<string, { count: number; sum: number }>();
  readonly #sources = new Map<string, number>();
  readonly #series = new Map<string, Last>();
  readonly #dead = new Map<string, number>();
  readonly #turnedAway = new Set<string>();

  constructor(
    readonly maxSeries: number,
    readonly seen: Seen,
  ) {
    for (const { id } of selections) {
      this.windows.set(id, new Map());
      this.grown.set(id, { count: 0, sum: 0 });
      this.lost.set(id, { count: 0, sum: 0 });
    }
  }

  take(entry: Entry, offset: number): void {
    if (entry.kind === 'passed') return;
    if (entry.kind === 'mark') {
      this.#mark(entry, offset);
      return;
    }
    const late: Letter['windows'][number][] = [];
    const found = entry.kind === 'junk' ? 'bad' : this.#classify(entry, late);
    this.account[found] = (this.account[found] ?? 0) + 1;
    this.note(found);
    if (!['bad', 'skewed', 'out_of_order', 'late'].includes(found)) return;
    const before = this.#dead.get(found) ?? 0;
    this.#dead.set(found, before + 1);
    if (before < RAW) this.letters.push({ reason: found, offset, records: 1, windows: late });
  }

  note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  #mark({ source, timestamp }: Mark, offset: number): void {
    for (const reason of ['skewed', 'bad', 'out_of_order', 'late']) {
      const more = (this.#dead.get(reason) ?? 0) - RAW;
      if (more > 0) this.letters.push({ reason, offset, records: more, windows: [] });
      if (more > 0) this.note('more dead letters than are written');
    }
    this.#dead.clear();
    this.#sources.set(source, Math.max(timestamp, this.#sources.get(source) ?? timestamp));
    const all = [...this.#sources.values()];
    const recent = all.filter((at) => at >= Math.max(...all) - LOOKBACK);
    if (recent.length < all.length) this.note('a source that fell behind');
    if (Math.min(...recent) < this.watermark) this.note('a source that would turn the watermark back');
    const next = Math.max(this.watermark, Math.min(...recent));
    if (next === this.watermark) {
      this.note('a watermark that stands still');
      return;
    }
    this.watermark = next;
    for (const [key, { t }] of this.#series) {
      if (next - t <= FORGET) continue;
      this.#series.delete(key);
      this.note('a forgotten series');
    }
  }

  #classify(reading: Reading, late: Letter['windows'][number][]): string {
    const { name, labels, t, count, sum, gauge } = reading;
    const key = name + textOf(labels);
    const wanted = selections.filter(
      (one) => name === one.metric && gauge === one.gauge && one.wants(labels),
    );
    if (wanted.length === 0) return 'unselected';
    if (this.watermark === Number.NEGATIVE_INFINITY || t > this.watermark + MAX_SKEW) return 'skewed';
    const buckets: Bounds = new Map(
      wanted.some((one) => one.buckets) ? reading.buckets.map(({ le, count }) => [le, count]) : [],
    );
    if (gauge ? !Number.isFinite(sum) : this.#isBad(reading, [...buckets])) return 'bad';
    const last = this.#series.get(key);
    if (last && t === last.t) return 'duplicate';
    if (last && t < last.t)
      return !gauge && count <= last.count && sum <= last.sum ? 'superseded' : 'out_of_order';
    if (!last && this.#series.size >= this.maxSeries) {
      this.#turnedAway.add(key);
      return 'overflow';
    }
    if (this.#turnedAway.delete(key)) this.note('a series that is let in where another was forgotten');
    this.#series.set(key, { t, count, sum, buckets, gauge });
    const increase = gauge ? null : this.#increase({ ...reading, buckets }, last);
    for (const selection of wanted) {
      if (increase) this.#split(selection, reading, increase, late);
      else this.#alone(selection, reading, late);
    }
    if (late.length > 1) this.note('late for several windows');
    return late.length > 0 ? 'late' : 'aggregated';
  }

  #isBad({ t, start, count, sum }: Reading, buckets: readonly (readonly [number, number])[]): boolean {
    if (![count, sum].every((value) => Number.isFinite(value) && value >= 0)) return true;
    if (start !== null && start > t) return true;
    const bad = buckets.some(([, count], i) => count < (buckets[i - 1]?.[1] ?? 0));
    if (bad) this.note('buckets that fall from bound to bound');
    return bad;
  }

  #increase(
    reading: Omit<Reading, 'buckets'> & Pick<Last, 'buckets'>,
    last: Last | undefined,
  ): Increase | null {
    const { t, start, count, sum, buckets } = reading;
    const least = (from: number): Increase => ({ from: Math.min(from, t - 1), count, sum, buckets });
    if (!last || t - last.t > LOOKBACK) {
      if (last) this.note('a gap longer than the lookback');
      if (start === null || t - start > LOOKBACK) {
        this.note('a first sample that says nothing');
        return null;
      }
      this.note('a birth');
      return least(start);
    }
    const known = start !== null && start > last.t;
    const fell = [...buckets].some(([le, count]) => count < (last.buckets.get(le) ?? 0));
    if (known || count < last.count || sum < last.sum || fell) {
      this.note(known ? 'a reset with a known start' : 'a reset');
      if (fell && count >= last.count && sum >= last.sum) this.note('a reset that only a bucket tells');
      return least(Math.max(last.t, start ?? last.t));
    }
    if (count === last.count) this.note('no growth');
    const grown = [...buckets].map(([le, count]) => [le, count - (last.buckets.get(le) ?? 0)] as const);
    return { from: last.t, count: count - last.count, sum: sum - last.sum, buckets: new Map(grown) };
  }

  /** A sample without an increase lies in its own window, and adds nothing; a gauge's adds its value. */
  #alone(selection: PlainSelection, reading: Reading, late: Letter['windows'][number][]): void {
    const { t, labels, sum: value } = reading;
    const start = Math.floor((t - 1) / selection.window) * selection.window;
    if (selection.gauge) add(this.grown.get(selection.id), 1, value);
    if (this.#closed(selection, start)) {
      late.push({ selection: selection.id, start });
      if (selection.gauge) add(this.lost.get(selection.id), 1, value);
      return;
    }
    const sums = this.#sums(selection, labels, start);
    sums.samples++;
    if (!selection.gauge) return;
    this.note(value < 0 ? 'a value below 0' : 'a value');
    sums.requests++;
    sums.latencySum += value;
    sums.covered = true;
    sums.max = Math.max(sums.max ?? value, value);
  }

  #split(
    selection: PlainSelection,
    { t, labels }: Reading,
    { from, count, sum, buckets }: Increase,
    late: Letter['windows'][number][],
  ): void {
    const { id, window } = selection;
    add(this.grown.get(id), count, sum);
    const first = Math.floor(from / window) * window;
    const own = Math.floor((t - 1) / window) * window;
    this.note(first === own ? 'an increase within a window' : 'an increase over several windows');
    let countLeft = count;
    let sumLeft = sum;
    const bucketsLeft = new Map(buckets);
    for (let start = first; start <= own; start += window) {
      const overlap = Math.min(t, start + window) - Math.max(from, start);
      const partCount = start === own ? countLeft : (count * overlap) / (t - from);
      const partSum = start === own ? sumLeft : (sum * overlap) / (t - from);
      countLeft -= partCount;
      sumLeft -= partSum;
      const partBuckets = new Map(
        [...buckets].map(([le, count]) => {
          const left = bucketsLeft.get(le) ?? 0;
          const part = start === own ? left : (count * overlap) / (t - from);
          bucketsLeft.set(le, left - part);
          return [le, part] as const;
        }),
      );
      if (this.#closed(selection, start)) {
        late.push({ selection: id, start });
        add(this.lost.get(id), partCount, partSum);
        continue;
      }
      const sums = this.#sums(selection, labels, start);
      sums.covered = true;
      if (start === own) sums.samples++;
      sums.requests += partCount;
      sums.latencySum += partSum;
      if (labels.status?.startsWith('5')) sums.errors += partCount;
      if (!selection.buckets) continue;
      const before = sums.buckets;
      sums.buckets = together(before, partBuckets);
      if (before && sums.buckets && sums.buckets.size < before.size) this.note('bounds that are not shared');
    }
  }

  #closed({ window, grace }: PlainSelection, start: number): boolean {
    return start + window + grace <= this.watermark;
  }

  #sums(selection: PlainSelection, labels: Labels, start: number): Sums {
    const group = Object.fromEntries(
      selection.by.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])),
    );
    const text = textOf(group);
    this.groups.set(text, group);
    const groups = this.windows.get(selection.id) as Map<string, Map<number, Sums>>;
    if (!groups.has(text)) groups.set(text, new Map());
    const starts = groups.get(text) as Map<number, Sums>;
    const none = {
      requests: 0,
      latencySum: 0,
      errors: 0,
      samples: 0,
      covered: false,
      buckets: null,
      max: null,
    };
    if (!starts.has(start)) starts.set(start, none);
    return starts.get(start) as Sums;
  }
}

function add(total: { count: number; sum: number } | undefined, count: number, sum: number): void {
  if (!total) throw new Error('no such selection');
  total.count += count;
  total.sum += sum;
}
