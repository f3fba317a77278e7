import { type BaselineView, calmBaseline, type Looking } from './baseline.js';
import type { BaselineSettings, Rule } from './rule.js';

interface Shared {
  readonly settings: BaselineSettings;
  readonly view: BaselineView;
}

/**
 * The baseline of a group at one closed window, for rules that are inactive and were so after every window that
 * is remembered: it depends on nothing of theirs but how far they look back, so those of a selection share one.
 */
export class SharedBaselines {
  readonly #shared: Shared[] = [];

  /** `window`: the one that is judged, and those before it. */
  constructor(readonly window: Omit<Looking, 'rule'>) {}

  of(rule: Rule): BaselineView {
    const { baseline: settings } = rule;
    for (const one of this.#shared) if (chooseAlike(one.settings, settings)) return one.view;
    const view = calmBaseline({ rule, ...this.window });
    this.#shared.push({ settings, view });
    return view;
  }
}

/** Whether they choose the same windows of a rule that is inactive, and make the same of them. */
export const chooseAlike = (a: BaselineSettings, b: BaselineSettings): boolean =>
  a.windows === b.windows && a.minWindows === b.minWindows && a.offset === b.offset && a.method === b.method;
