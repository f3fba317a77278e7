import { type Buckets, shared } from './buckets.js';
import type { Labels } from './matcher.js';
import type { Merging } from './merging.js';
import type { Selection } from './selection.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { type CoveredSums, type GroupWindow, greatest, loadSums, saveSums } from './sums.js';
import { groupText } from './text.js';
import { unitsOf, windowStart } from './windows.js';

/** Sums over `[start, start + unit)`. */
interface Block extends CoveredSums {
  readonly start: number;
}

interface GroupPanes {
  readonly labels: Labels;
  /** By unit, oldest first. */
  readonly blocks: Map<number, Block[]>;
}

/** What a hopping window asks for: the sums from `start` to `end`, added up from these units. In ms. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** The coarsest first. */
  readonly units: readonly number[];
}

/** The recent panes of a selection, shared by all whose windows are put together from them. */
export class PaneStore {
  /** End of the newest pane with data, ms. */
  newestEnd = Number.NEGATIVE_INFINITY;
  /** Every pane from here on that was taken was computed by all source partitions; ms. */
  wholeFrom = Number.NEGATIVE_INFINITY;
  readonly #groups = new Map<string, GroupPanes>();
  /** How far back sums of each unit are kept, ms. */
  #reach: ReadonlyMap<number, number> = new Map();

  constructor(
    /** Its windows are the panes. */
    readonly selection: Selection,
    /** Panes that close up to here were taken, or came before this store; ms. */
    public takenUpTo: number,
  ) {}

  /** Keeps what these selections ask for, which are put together from the panes. */
  serve(selections: readonly Selection[]): void {
    const reach = new Map<number, number>();
    for (const { window, panes } of selections) {
      if (panes === null || panes.session !== null) continue;
      const units = unitsOf(window, this.selection.window);
      for (const [i, unit] of units.entries()) {
        const back = i === 0 ? window + unit : (units[i - 1] ?? 0);
        reach.set(unit, Math.max(reach.get(unit) ?? 0, back));
      }
    }
    this.#reach = reach;
    for (const { blocks } of this.#groups.values())
      for (const unit of blocks.keys()) if (!reach.has(unit)) blocks.delete(unit);
  }

  /** Looks whether all panes that close up to there are whole. */
  check(merging: Merging, upTo: number): void {
    if (upTo <= this.takenUpTo) return;
    const broken = merging.brokenUntil(this.selection, this.takenUpTo, upTo);
    this.wholeFrom = Math.max(this.wholeFrom, broken);
    this.takenUpTo = upTo;
  }

  /** Takes the pane that closes next, of those that have data. */
  take(panes: readonly GroupWindow[]): void {
    if (this.#reach.size === 0) return;
    for (const pane of panes) {
      if (pane.start < this.wholeFrom) return;
      this.newestEnd = pane.end;
      const group = this.#group(pane.text, pane.labels);
      for (const unit of this.#reach.keys()) add(blocksOf(group, unit), windowStart(pane.start, unit), pane);
    }
  }

  /** The groups with data in the stretch, in no order. */
  windows({ start, end, units }: Stretch): readonly GroupWindow[] {
    const windows: GroupWindow[] = [];
    for (const [text, group] of this.#groups) {
      const sums = total(group, { start, end, units });
      if (sums !== null) windows.push({ text, labels: group.labels, start, end, ...sums });
    }
    return windows;
  }

  /** Those of one group; null where it has no data in the stretch. */
  sumsOf(text: string, stretch: Stretch): CoveredSums | null {
    const group = this.#groups.get(text);
    return group === undefined ? null : total(group, stretch);
  }

  /** Forgets what no window asks for that ends later. */
  trim(end: number): void {
    for (const [text, { blocks }] of this.#groups) {
      let left = 0;
      for (const [unit, all] of blocks) {
        const oldest = end - (this.#reach.get(unit) ?? 0);
        if ((all[0]?.start ?? oldest) < oldest) {
          const gone = all.findIndex(({ start }) => start >= oldest);
          all.splice(0, gone < 0 ? all.length : gone);
        }
        left += all.length;
      }
      if (left === 0) this.#groups.delete(text);
    }
  }

  #group(text: string, labels: Labels): GroupPanes {
    let group = this.#groups.get(text);
    if (!group) {
      group = { labels, blocks: new Map() };
      this.#groups.set(text, group);
    }
    return group;
  }

  save(to: StateWriter): void {
    to.text(this.selection.id);
    to.f64(this.takenUpTo);
    to.f64(this.newestEnd);
    to.f64(this.wholeFrom);
    to.list(this.#groups.values(), ({ labels, blocks }) => {
      to.labels(labels);
      to.list(blocks, ([unit, all]) => {
        to.f64(unit);
        to.list(all, (block) => saveBlock(to, block));
      });
    });
  }

  static load(from: StateReader, selections: readonly Selection[]): PaneStore {
    const id = from.text();
    const selection = selections.find((one) => one.id === id);
    if (!selection) throw new RangeError(`state names the unknown selection ${id}`);
    const store = new PaneStore(selection, from.f64());
    store.newestEnd = from.f64();
    store.wholeFrom = from.f64();
    from.list(() => {
      const labels = from.labels();
      const blocks = new Map(from.list(() => [from.f64(), from.list(() => loadBlock(from))] as const));
      store.#groups.set(groupText(labels), { labels, blocks });
    });
    return store;
  }
}

function blocksOf({ blocks }: GroupPanes, unit: number): Block[] {
  let all = blocks.get(unit);
  if (!all) {
    all = [];
    blocks.set(unit, all);
  }
  return all;
}

function add(blocks: Block[], start: number, pane: CoveredSums): void {
  const last = blocks.at(-1);
  if (last?.start === start) {
    addTo(last, pane);
    last.buckets = sharedOf(last.buckets, pane.buckets);
  } else {
    const { requests, latencySum, errors, buckets, max, samples, covered } = pane;
    blocks.push({ start, requests, latencySum, errors, buckets, max, samples, covered });
  }
}

/** Null where no block lies in the stretch. */
function total({ blocks }: GroupPanes, { start, end, units }: Stretch): CoveredSums | null {
  const sums: Omit<CoveredSums, 'buckets'> = {
    ...{ requests: 0, latencySum: 0, errors: 0, samples: 0, covered: false },
    max: null,
  };
  const buckets: Buckets[] = [];
  let any = false;
  let from = start;
  for (const unit of units) {
    const to = windowStart(end, unit);
    const all = blocks.get(unit) ?? [];
    let i = all.length;
    while (i > 0 && (all[i - 1]?.start ?? from) >= from) i--;
    for (let block = all[i]; block !== undefined && block.start < to; block = all[++i]) {
      any = true;
      addTo(sums, block);
      if (block.buckets !== null) buckets.push(block.buckets);
    }
    from = Math.max(from, to);
  }
  return any ? { ...sums, buckets: shared(buckets) } : null;
}

/** All but the buckets. */
export function addTo(sums: Omit<CoveredSums, 'buckets'>, more: CoveredSums): void {
  sums.requests += more.requests;
  sums.latencySum += more.latencySum;
  sums.errors += more.errors;
  sums.samples += more.samples;
  sums.covered ||= more.covered;
  sums.max = greatest(sums.max, more.max);
}

/** The sums at the bounds that both share; of one alone, where nothing grew in the other. */
export const sharedOf = (a: Buckets | null, b: Buckets | null): Buckets | null =>
  shared([a, b].filter((one) => one !== null));

function saveBlock(to: StateWriter, block: Block): void {
  to.f64(block.start);
  saveSums(to, block);
  to.f64(block.samples);
  to.bool(block.covered);
}

const loadBlock = (from: StateReader): Block => ({
  start: from.f64(),
  ...loadSums(from),
  samples: from.f64(),
  covered: from.bool(),
});
