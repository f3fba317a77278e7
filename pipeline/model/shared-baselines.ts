import { type BaselineView, calmBaseline, type PastWindow } from './baseline.js';
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
}

/**
 * The baselines of the groups of a closed window, for rules that are inactive and were so after every window that
 * is remembered: they depend on nothing of theirs but how far they look back, so those of a selection share them.
 */
export class SharedBaselines {
  readonly #shared: Shared[] = [];

  /** `end`: of the window; of sessions, when they were over; ms. */
  constructor(
    readonly groups: readonly Sharing[],
    readonly end: number,
  ) {}

  of(rule: Rule, place: number): BaselineView {
    const views = this.#viewsOf(rule.baseline);
    const known = views[place];
    if (known !== undefined) return known;
    const { merged, past } = this.groups[place] as Sharing;
    const view = calmBaseline({ rule, start: merged.start, end: this.end, past });
    views[place] = view;
    return view;
  }

  #viewsOf(settings: BaselineSettings): Shared['views'] {
    for (const one of this.#shared) if (chooseAlike(one.settings, settings)) return one.views;
    const views = new Array<BaselineView | undefined>(this.groups.length);
    this.#shared.push({ settings, views });
    return views;
  }
}

/** Whether they choose the same windows of a rule that is inactive, and make the same of them. */
export const chooseAlike = (a: BaselineSettings, b: BaselineSettings): boolean =>
  a.windows === b.windows && a.minWindows === b.minWindows && a.offset === b.offset && a.method === b.method;
