import type { Increase } from './growing.js';
import { type Letter, NONE, type Note, type Sums, together } from './records.js';
import { type Labels, type PlainSelection, selections, textOf } from './selections.js';

/** An accepted sample, where it counts in a selection. */
export interface Counted {
  readonly t: number;
  readonly value: number;
  readonly group: Labels;
  readonly error: boolean;
  /** Of the partition, ms. */
  readonly watermark: number;
  /** Where windows are named that have closed. */
  readonly late: Letter['windows'][number][];
}

export class Total {
  count = 0;
  sum = 0;

  add(count: number, sum: number): void {
    this.count += count;
    this.sum += sum;
  }
}
const totals = (): ReadonlyMap<string, Total> => new Map(selections.map(({ id }) => [id, new Total()]));

/** docs/semantics.md, "Records in", once more: which windows of a partition a sample counts in. */
export class Splitting {
  /** By selection, group text and start. */
  readonly windows = new Map(selections.map(({ id }) => [id, new Map<string, Map<number, Sums>>()]));
  readonly groups = new Map<string, Labels>();
  /** By selection: all that counters grew by, and what of it fell into closed windows. */
  readonly grown = totals();
  readonly lost = totals();

  constructor(readonly note: Note) {}

  /** A sample without an increase lies in its own window, and adds nothing; a gauge's adds its value. */
  alone(selection: PlainSelection, counted: Counted): void {
    const { t, value, late } = counted;
    const start = Math.floor((t - 1) / selection.window) * selection.window;
    if (selection.gauge) this.grown.get(selection.id)?.add(1, value);
    if (closed(selection, start, counted)) {
      late.push({ selection: selection.id, start });
      if (selection.gauge) this.lost.get(selection.id)?.add(1, value);
      return;
    }
    const sums = this.#sums(selection, counted.group, start);
    sums.samples++;
    if (!selection.gauge) return;
    this.note(value < 0 ? 'a value below 0' : 'a value');
    sums.requests++;
    sums.latencySum += value;
    sums.covered = true;
    sums.max = Math.max(sums.max ?? value, value);
  }

  split(selection: PlainSelection, counted: Counted, { from, count, sum, buckets }: Increase): void {
    const { id, window } = selection;
    const { t, late } = counted;
    this.grown.get(id)?.add(count, sum);
    const first = Math.floor(from / window) * window;
    const own = Math.floor((t - 1) / window) * window;
    this.note(first === own ? 'an increase within a window' : 'an increase over several windows');
    let left: Part = { count, sum, buckets };
    for (let start = first; start <= own; start += window) {
      const overlap = Math.min(t, start + window) - Math.max(from, start);
      const share = (of: number): number => (of * overlap) / (t - from);
      const part =
        start === own ? left : { count: share(count), sum: share(sum), buckets: each(buckets, share) };
      left = minus(left, part);
      if (closed(selection, start, counted)) {
        late.push({ selection: id, start });
        this.lost.get(id)?.add(part.count, part.sum);
        continue;
      }
      this.#add(selection, counted, start, part);
    }
  }

  #add(selection: PlainSelection, { t, group, error }: Counted, start: number, part: Part): void {
    const sums = this.#sums(selection, group, start);
    sums.covered = true;
    if (t <= start + selection.window) sums.samples++;
    sums.requests += part.count;
    sums.latencySum += part.sum;
    if (error) sums.errors += part.count;
    if (!selection.buckets) return;
    const before = sums.buckets;
    sums.buckets = together(before, part.buckets);
    if (before && sums.buckets && sums.buckets.size < before.size) this.note('bounds that are not shared');
  }

  #sums({ id }: PlainSelection, group: Labels, start: number): Sums {
    const text = textOf(group);
    this.groups.set(text, group);
    const starts = this.windows.get(id)?.get(text) ?? new Map<number, Sums>();
    this.windows.get(id)?.set(text, starts);
    const sums = starts.get(start) ?? { ...NONE };
    starts.set(start, sums);
    return sums;
  }
}

type Part = Omit<Increase, 'from'>;

const each = (buckets: Increase['buckets'], of: (count: number, le: number) => number): Increase['buckets'] =>
  new Map([...buckets].map(([le, count]) => [le, of(count, le)]));

const minus = (a: Part, b: Part): Part => ({
  count: a.count - b.count,
  sum: a.sum - b.sum,
  buckets: each(a.buckets, (count, le) => count - (b.buckets.get(le) ?? 0)),
});

const closed = ({ window, grace }: PlainSelection, start: number, { watermark }: Counted): boolean =>
  start + window + grace <= watermark;
