import { type BaselineView, calmBaseline, type PastWindow } from './baseline.js';
import type { Rule } from './rule.js';

interface Shared {
  readonly windows: number;
  readonly minWindows: number;
  readonly view: BaselineView;
}

/**
 * The baseline of a group at one closed window, for rules that are inactive and were so after every window that
 * is remembered: it depends on nothing of theirs but how far they look back, so those of a selection share one.
 */
export class SharedBaselines {
  readonly #shared: Shared[] = [];

  constructor(
    /** Start of the window that is judged, ms. */
    readonly start: number,
    readonly past: readonly PastWindow[],
  ) {}

  of(rule: Rule): BaselineView {
    const { windows, minWindows } = rule.baseline;
    for (const one of this.#shared)
      if (one.windows === windows && one.minWindows === minWindows) return one.view;
    const view = calmBaseline({ rule, start: this.start, past: this.past });
    this.#shared.push({ windows, minWindows, view });
    return view;
  }
}
