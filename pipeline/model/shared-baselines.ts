import {
  type BaselineSums,
  type BaselineView,
  baselineSums,
  calmBaseline,
  type Looking,
  type PastWindow,
} from './baseline.js';
import type { BaselineSettings, Rule } from './rule.js';
import type { GroupWindow } from './sums.js';

/** A group of a closed window, and what all rules of its selection share of it. */
export interface Sharing {
  readonly merged: GroupWindow;
  readonly past: readonly PastWindow[];
}

interface Shared {
  readonly settings: BaselineSettings;
  /** By place of the group. */
  readonly views: (BaselineView | undefined)[];
  /** The one that was asked for last of those that leave windows out. */
  readonly without: (Without | undefined)[];
}

interface Without {
  readonly starts: readonly number[];
  readonly sums: BaselineSums | null;
}

/**
 * The baselines of the groups of a closed window, for rules that hold none: they depend on nothing of theirs but how
 * far they look back, and after which windows they were active, so those of a selection share them.
 */
export class SharedBaselines {
  readonly #shared: Shared[] = [];

  /** `end`: of the window; of sessions, when they were over; ms. */
  constructor(
    readonly groups: readonly Sharing[],
    readonly end: number,
  ) {}

  /** Of a rule that is inactive, and was so after every window that is remembered; or leaves out none. */
  of(rule: Rule, place: number): BaselineView {
    const { views } = this.#sharedBy(rule.baseline);
    const known = views[place];
    if (known !== undefined) return known;
    const view = calmBaseline(this.#looking(rule, place));
    views[place] = view;
    return view;
  }

  /** Of a rule that was active after the windows that start there: such rules mostly were so together. */
  without(rule: Rule, place: number, starts: readonly number[]): BaselineSums | null {
    if (starts.length === 0) return this.of(rule, place).sums;
    const { without } = this.#sharedBy(rule.baseline);
    const known = without[place];
    if (known !== undefined && areSame(known.starts, starts)) return known.sums;
    const sums = baselineSums(this.#looking(rule, place), (start) => starts.includes(start));
    without[place] = { starts: [...starts], sums };
    return sums;
  }

  #looking(rule: Rule, place: number): Looking {
    const { merged, past } = this.groups[place] as Sharing;
    return { rule, start: merged.start, end: this.end, past };
  }

  #sharedBy(settings: BaselineSettings): Shared {
    for (const one of this.#shared) if (chooseAlike(one.settings, settings)) return one;
    const { length } = this.groups;
    const shared = { settings, views: new Array(length), without: new Array(length) };
    this.#shared.push(shared);
    return shared;
  }
}

function areSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether they choose the same windows of a rule that is inactive, and make the same of them. */
export const chooseAlike = (a: BaselineSettings, b: BaselineSettings): boolean =>
  a.windows === b.windows && a.minWindows === b.minWindows && a.offset === b.offset && a.method === b.method;
