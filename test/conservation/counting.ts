import { type Labels, METRIC, type PlainSelection, selections, textOf } from './rules.js';

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
}
interface Increase {
  readonly from: number;
  readonly count: number;
  readonly sum: number;
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
  /** By selection and series: the group it counts in. */
  readonly #counts = new Map<string, Map<string, string>>();

  constructor(
    readonly maxSeries: number,
    readonly maxGroups: number,
    readonly seen: Seen,
  ) {
    for (const { id } of selections) {
      this.windows.set(id, new Map());
      this.#counts.set(id, new Map());
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
      for (const counts of this.#counts.values()) counts.delete(key);
      this.note('a forgotten series');
    }
  }

  #classify(reading: Reading, late: Letter['windows'][number][]): string {
    const { name, labels, t, start, count, sum } = reading;
    const key = name + textOf(labels);
    const wanted = selections.filter((one) => name === METRIC && one.wants(labels));
    if (wanted.length === 0) return 'unselected';
    if (this.watermark === Number.NEGATIVE_INFINITY || t > this.watermark + MAX_SKEW) return 'skewed';
    if (![count, sum].every((value) => Number.isFinite(value) && value >= 0)) return 'bad';
    if (start !== null && start > t) return 'bad';
    const last = this.#series.get(key);
    if (last && t === last.t) return 'duplicate';
    if (last && t < last.t) return count <= last.count && sum <= last.sum ? 'superseded' : 'out_of_order';
    if (!last && this.#series.size >= this.maxSeries) {
      this.#turnedAway.add(key);
      return 'overflow';
    }
    if (this.#turnedAway.delete(key)) this.note('a series that is let in where another was forgotten');
    this.#series.set(key, { t, count, sum });
    const increase = this.#increase(reading, last);
    for (const selection of wanted) {
      const counted = { ...reading, labels: this.#groupOf(selection, key, labels) };
      const error = labels.status?.startsWith('5') ?? false;
      if (increase) this.#split(selection, counted, { ...increase, error }, late);
      else this.#alone(selection, counted, late);
    }
    if (late.length > 1) this.note('late for several windows');
    return late.length > 0 ? 'late' : 'aggregated';
  }

  /** Where the series counts from this sample on: its own group, if that has a place or finds one. */
  #groupOf({ id, by }: PlainSelection, key: string, labels: Labels): Labels {
    const counts = this.#counts.get(id) as Map<string, string>;
    const own = Object.fromEntries(by.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
    const overflow = Object.fromEntries(by.map((name) => [name, '__overflow__']));
    const before = counts.get(key);
    const placed = new Set(counts.values());
    placed.delete(textOf(overflow));
    const within = by.length === 0 || placed.has(textOf(own)) || placed.size < this.maxGroups;
    const group = within ? own : overflow;
    if (!within) this.note('a group without a place');
    if (within && before === textOf(overflow) && by.length > 0) this.note('a group that finds a place later');
    counts.set(key, textOf(group));
    return group;
  }

  #increase({ t, start, count, sum }: Reading, last: Last | undefined): Increase | null {
    const least = (from: number): Increase => ({ from: Math.min(from, t - 1), count, sum });
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
    if (known || count < last.count || sum < last.sum) {
      this.note(known ? 'a reset with a known start' : 'a reset');
      return least(Math.max(last.t, start ?? last.t));
    }
    if (count === last.count) this.note('no growth');
    return { from: last.t, count: count - last.count, sum: sum - last.sum };
  }

  /** A sample without an increase lies in its own window, and adds nothing. */
  #alone(selection: PlainSelection, reading: Reading, late: Letter['windows'][number][]): void {
    const start = Math.floor((reading.t - 1) / selection.window) * selection.window;
    if (this.#closed(selection, start)) late.push({ selection: selection.id, start });
    else this.#sums(selection, reading.labels, start).samples++;
  }

  #split(
    selection: PlainSelection,
    { t, labels }: Reading,
    { from, count, sum, error }: Increase & { readonly error: boolean },
    late: Letter['windows'][number][],
  ): void {
    const { id, window } = selection;
    add(this.grown.get(id), count, sum);
    const first = Math.floor(from / window) * window;
    const own = Math.floor((t - 1) / window) * window;
    this.note(first === own ? 'an increase within a window' : 'an increase over several windows');
    let countLeft = count;
    let sumLeft = sum;
    for (let start = first; start <= own; start += window) {
      const overlap = Math.min(t, start + window) - Math.max(from, start);
      const partCount = start === own ? countLeft : (count * overlap) / (t - from);
      const partSum = start === own ? sumLeft : (sum * overlap) / (t - from);
      countLeft -= partCount;
      sumLeft -= partSum;
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
      if (error) sums.errors += partCount;
    }
  }

  #closed({ window, grace }: PlainSelection, start: number): boolean {
    return start + window + grace <= this.watermark;
  }

  #sums(selection: PlainSelection, group: Labels, start: number): Sums {
    const text = textOf(group);
    this.groups.set(text, group);
    const groups = this.windows.get(selection.id) as Map<string, Map<number, Sums>>;
    if (!groups.has(text)) groups.set(text, new Map());
    const starts = groups.get(text) as Map<number, Sums>;
    const none = { requests: 0, latencySum: 0, errors: 0, samples: 0, covered: false };
    if (!starts.has(start)) starts.set(start, none);
    return starts.get(start) as Sums;
  }
}

function add(total: { count: number; sum: number } | undefined, count: number, sum: number): void {
  if (!total) throw new Error('no such selection');
  total.count += count;
  total.sum += sum;
}
