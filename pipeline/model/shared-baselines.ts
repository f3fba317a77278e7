import { type BaselineQuery, type BaselineView, baselineFor } from './baseline.js';

interface Shared {
  readonly start: number;
  readonly windows: number;
  readonly minWindows: number;
  readonly view: BaselineView;
}

/**
 * The baselines of one closed window. Where a rule was inactive after every window that is remembered, its
 * baseline depends on nothing of its own but how far it looks back: such rules of a selection share one.
 */
export class SharedBaselines {
  /** By group text. */
  readonly #shared = new Map<string, Shared[]>();

  /** `calm`: the rule is inactive for the group, and was after every window that is remembered. */
  of(text: string, calm: boolean, query: BaselineQuery): BaselineView {
    if (!calm) return baselineFor(query);
    const { start, rule } = query;
    const { windows, minWindows } = rule.baseline;
    let all = this.#shared.get(text);
    if (all === undefined) {
      all = [];
      this.#shared.set(text, all);
    }
    for (const one of all) {
      if (one.start === start && one.windows === windows && one.minWindows === minWindows) return one.view;
    }
    const view = baselineFor(query);
    all.push({ start, windows, minWindows, view });
    return view;
  }
}
