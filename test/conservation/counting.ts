import { beyondLimits, increaseOf, isBad, type Kept, type Last, wavers } from './growing.js';
import { Places } from './places.js';
import type { Entry, Letter, Mark, Reading, Seen, Settings } from './records.js';
import { type PlainSelection, selections, textOf } from './selections.js';
import { Splitting } from './splitting.js';

const LOOKBACK = 300_000;
const MAX_SKEW = 600_000;
const FORGET = 3_600_000;
const RAW = 100;

/**
 * docs/semantics.md, "Records in" and "Progress", once more: slow, record by record, in plain Maps, and
 * without a line of the engine.
 */
export class PartitionModel {
  watermark = Number.NEGATIVE_INFINITY;
  readonly letters: Letter[] = [];
  readonly account: Record<string, number> = {};
  readonly splitting: Splitting;
  readonly #places: Places;
  readonly #sources = new Map<string, number>();
  readonly #series = new Map<string, Last>();
  readonly #dead = new Map<string, number>();
  readonly #turnedAway = new Set<string>();

  constructor(
    readonly settings: Settings,
    readonly seen: Seen,
  ) {
    this.splitting = new Splitting(this.note);
    this.#places = new Places(settings.maxGroups, this.note);
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

  readonly note = (what: string): void => void this.seen.set(what, (this.seen.get(what) ?? 0) + 1);

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
      this.#places.forget(key);
      this.note('a forgotten series');
    }
  }

  #classify(reading: Reading, late: Letter['windows'][number][]): string {
    const { name, labels, t, gauge } = reading;
    const key = name + textOf(labels);
    const wanted = selections.filter(
      (one) => name === one.metric && gauge === one.gauge && one.wants(labels),
    );
    if (wanted.length === 0) return 'unselected';
    if (beyondLimits(reading, key)) {
      this.note('labels beyond the limits');
      return 'bad';
    }
    if (this.watermark === Number.NEGATIVE_INFINITY || t > this.watermark + MAX_SKEW) return 'skewed';
    const keeps = wanted.some(({ buckets }) => buckets);
    if (isBad(reading, keeps, this.note)) return 'bad';
    const buckets = new Map(keeps ? reading.buckets.map(({ le, count }) => [le, count]) : []);
    const sample = { ...reading, buckets };
    const last = this.#series.get(key);
    const passed = this.#passOver(sample, last, key);
    if (passed !== null) return passed;
    if (this.#turnedAway.delete(key)) this.note('a series that is let in where another was forgotten');
    this.#series.set(key, sample);
    for (const selection of wanted) this.#count(selection, sample, { key, last, late });
    if (late.length > 1) this.note('late for several windows');
    return late.length > 0 ? 'late' : 'aggregated';
  }

  /** Why a sample is not accepted; null where it is. */
  #passOver(sample: Kept, last: Last | undefined, key: string): string | null {
    const { t, gauge, count, sum } = sample;
    if (last && t === last.t) return 'duplicate';
    if (last && t < last.t)
      return !gauge && count <= last.count && sum <= last.sum ? 'superseded' : 'out_of_order';
    if (!last && this.#series.size >= this.settings.maxSeries) {
      this.#turnedAway.add(key);
      return 'overflow';
    }
    if (!this.settings.jitter || gauge || !last || !wavers(sample, last)) return null;
    this.note('a small fall that is no reset');
    return 'superseded';
  }

  #count(
    selection: PlainSelection,
    sample: Kept,
    { key, last, late }: { readonly key: string; last: Last | undefined; late: Letter['windows'][number][] },
  ): void {
    const { t, sum: value, gauge, labels } = sample;
    const group = this.#places.groupOf(selection, key, labels);
    const error = labels.status?.startsWith('5') ?? false;
    const counted = { t, value, group, error, watermark: this.watermark, late };
    const increase = gauge ? null : increaseOf(sample, last, this.note);
    if (increase) this.splitting.split(selection, counted, increase);
    else this.splitting.alone(selection, counted);
  }
}
