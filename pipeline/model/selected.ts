import { GroupBuckets } from './group-buckets.js';
import { type GroupOptions, GroupTable, OVERFLOW } from './groups.js';
import { compileMatchers, type Labels } from './matcher.js';
import type { Selection } from './selection.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { widen } from './widen.js';

/** Sums of one window by group id. A group is in it once a sample or an interval touched it. */
export class WindowSums {
  requests: Float64Array<ArrayBuffer>;
  latencySum: Float64Array<ArrayBuffer>;
  errors: Float64Array<ArrayBuffer>;
  samples: Float64Array<ArrayBuffer>;
  covered: Uint8Array<ArrayBuffer>;
  /** Only where the selection keeps them, and something grew. */
  readonly buckets = new GroupBuckets();
  /** Greatest value, only where the selection is of a gauge. */
  readonly max: (number | undefined)[] = [];
  readonly groups: number[] = [];
  #marks: Uint8Array<ArrayBuffer>;

  constructor(
    readonly start: number,
    /** Groups that there is room for without growing. */
    capacity = 0,
  ) {
    this.requests = new Float64Array(capacity);
    this.latencySum = new Float64Array(capacity);
    this.errors = new Float64Array(capacity);
    this.samples = new Float64Array(capacity);
    this.covered = new Uint8Array(capacity);
    this.#marks = new Uint8Array(capacity);
  }

  /** Makes room for the group, and takes it in. */
  touch(group: number): boolean {
    if (group >= this.#marks.length) this.#grow(group + 1);
    if (this.#marks[group] === 1) return false;
    this.#marks[group] = 1;
    this.groups.push(group);
    return true;
  }

  #grow(needed: number): void {
    const capacity = Math.max(needed, this.#marks.length * 2, 16);
    this.requests = widen(new Float64Array(capacity), this.requests);
    this.latencySum = widen(new Float64Array(capacity), this.latencySum);
    this.errors = widen(new Float64Array(capacity), this.errors);
    this.samples = widen(new Float64Array(capacity), this.samples);
    this.covered = widen(new Uint8Array(capacity), this.covered);
    this.#marks = widen(new Uint8Array(capacity), this.#marks);
  }
}

/** One selection at work in one source partition: its groups and its open windows. */
export class Selected {
  readonly groups: GroupTable;
  readonly windows = new Map<number, WindowSums>();
  readonly #matches: (labels: Labels) => boolean;
  readonly #isError: (labels: Labels) => boolean;
  /** Accepted samples of series whose group had no place, since the selection began. */
  overflowSamples = 0;
  /** The windows that were asked for last, and before that. */
  #last: WindowSums | null = null;
  #before: WindowSums | null = null;

  constructor(
    readonly selection: Selection,
    /** The first window starts at or after this, ms. */
    readonly from: number,
    options: GroupOptions,
  ) {
    this.groups = new GroupTable(selection.by, options);
    this.#matches = compileMatchers(selection.match);
    this.#isError = compileMatchers(selection.errors);
  }

  /**
   * What a series means to this selection: -1 where it is not selected, else the id of its group, or of the
   * overflow group where it is displaced, times two, plus one where its requests are errors. Refers to the group.
   */
  membership(name: string, labels: Labels, displaced = false): number {
    if (!this.selects(name, labels)) return -1;
    if (displaced) this.groups.hold(OVERFLOW);
    const id = displaced ? OVERFLOW : this.groups.refer(this.#groupOf(labels));
    return id * 2 + (!this.selection.gauge && this.#isError(labels) ? 1 : 0);
  }

  /** The same of a selected series whose group has a place, or finds one; -1 where there is none left. */
  membershipWithin(name: string, labels: Labels): number {
    return this.groups.hasRoomFor(this.#groupOf(labels)) ? this.membership(name, labels) : -1;
  }

  selects(name: string, labels: Labels): boolean {
    return name === this.selection.metric && this.#matches(labels);
  }

  #groupOf(labels: Labels): Labels {
    const group: Record<string, string> = {};
    for (const label of this.selection.by) {
      const value = Object.hasOwn(labels, label) ? labels[label] : undefined;
      if (value) group[label] = value;
    }
    return group;
  }

  /** The sums of the window that starts there; one of the last two is found at once. */
  window(start: number): WindowSums {
    const last = this.#last;
    if (last !== null && last.start === start) return last;
    const sums = this.#before?.start === start ? this.#before : this.#open(start);
    this.#before = last;
    this.#last = sums;
    return sums;
  }

  #open(start: number): WindowSums {
    let sums = this.windows.get(start);
    if (!sums) {
      sums = new WindowSums(start, this.groups.capacity);
      this.windows.set(start, sums);
    }
    return sums;
  }

  /** Takes the group into the window; an open window refers to its groups. */
  enter(sums: WindowSums, group: number): void {
    if (sums.touch(group)) this.groups.hold(group);
  }

  /** The ids of a window's groups in order of their text. */
  sortedGroups(sums: WindowSums): readonly number[] {
    return this.groups.sort(sums.groups);
  }

  drop(sums: WindowSums): void {
    this.windows.delete(sums.start);
    this.#last = null;
    this.#before = null;
    for (const group of sums.groups) this.groups.release(group);
  }

  save(to: StateWriter): void {
    to.text(this.selection.id);
    to.f64(this.from);
    to.list(this.windows.values(), (sums) => {
      to.f64(sums.start);
      to.list(sums.groups, (id) => {
        to.labels(this.groups.get(id).labels);
        to.f64(sums.requests[id] ?? 0);
        to.f64(sums.latencySum[id] ?? 0);
        to.f64(sums.errors[id] ?? 0);
        to.f64(sums.samples[id] ?? 0);
        to.bool(sums.covered[id] === 1);
        sums.buckets.save(to, id);
        if (this.selection.gauge) to.f64(sums.max[id] ?? 0);
      });
    });
  }

  static load(
    from: StateReader,
    selectionById: ReadonlyMap<string, Selection>,
    options: GroupOptions,
  ): Selected {
    const id = from.text();
    const selection = selectionById.get(id);
    if (!selection) throw new RangeError(`state names the unknown selection ${id}`);
    const selected = new Selected(selection, from.f64(), options);
    from.list(() => {
      const sums = selected.window(from.f64());
      from.list(() => {
        const group = selected.groups.refer(from.labels());
        sums.touch(group);
        sums.requests[group] = from.f64();
        sums.latencySum[group] = from.f64();
        sums.errors[group] = from.f64();
        sums.samples[group] = from.f64();
        sums.covered[group] = from.bool() ? 1 : 0;
        sums.buckets.load(from, group);
        if (selection.gauge) sums.max[group] = from.f64();
      });
    });
    return selected;
  }
}
