import type { ActiveAlert } from './alert-state.js';
import type { Held, PastWindow } from './baseline.js';
import type { Labels } from './matcher.js';
import type { Rule } from './rule.js';
import type { Selection } from './selection.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { loadSums, saveSums } from './sums.js';

/** A rule for one group where it is active, or was after recent windows: those of them that are remembered. */
export interface GroupRule {
  readonly labels: Labels;
  alert: ActiveAlert | null;
  activeStarts: number[];
}

/** By the id of what is added up. */
export type UsedAbove = ReadonlyMap<string, number>;

/** What judging remembers of one rule. */
export class RuleJudging {
  readonly groups = new Map<string, GroupRule>();
  /** How many groups are pending or firing. */
  active = 0;

  constructor(
    readonly rule: Rule,
    /** Of an objective, for each window that it adds up: panes are used only where end + grace is above this, ms. */
    readonly usedAbove: UsedAbove,
  ) {}

  /** Undefined where the rule is inactive, and was after every window that is remembered. */
  known(text: string): GroupRule | undefined {
    return this.groups.size === 0 ? undefined : this.groups.get(text);
  }

  group(text: string, labels: Labels): GroupRule {
    let group = this.groups.get(text);
    if (!group) {
      group = { labels, alert: null, activeStarts: [] };
      this.groups.set(text, group);
    }
    return group;
  }

  /** The same memory under a text of the rule that differs in nothing that is judged. */
  under(rule: Rule): RuleJudging {
    const judging = new RuleJudging(rule, this.usedAbove);
    for (const [text, group] of this.groups) judging.groups.set(text, group);
    judging.active = this.active;
    return judging;
  }
}

export function saveGroupRule(
  to: StateWriter,
  { selection }: Rule,
  group: GroupRule & { text: string },
): void {
  const { text, labels, alert, activeStarts } = group;
  to.text(text);
  to.labels(labels);
  to.list(activeStarts, (start) => to.f64(start));
  to.bool(alert !== null);
  if (alert === null) return;
  to.bool(alert.state === 'firing');
  to.f64(alert.since);
  to.f64(alert.last);
  to.f64(alert.lastJudged);
  to.labels(alert.labels);
  to.text(alert.severity);
  to.bool(alert.held !== null);
  if (alert.held === null) return;
  to.f64(alert.held.frozenAt);
  to.u32(alert.held.sums.windows);
  saveSums(to, alert.held.sums);
  if (selection.panes?.session) to.f64(alert.held.sums.ms);
  const { each } = alert.held.sums;
  if (each !== null) to.list(each, (window) => savePast(to, selection, window));
}

export function savePast(to: StateWriter, { panes }: Selection, window: PastWindow): void {
  to.f64(window.start);
  saveSums(to, window);
  if (panes?.session) to.f64(window.ms);
}

export function loadPast(from: StateReader, { panes, window }: Selection): PastWindow {
  const past = { start: from.f64(), ...loadSums(from) };
  return { ...past, ms: panes?.session ? from.f64() : window };
}

export function loadGroupRule(from: StateReader, judging: RuleJudging): void {
  const group = judging.group(from.text(), from.labels());
  group.activeStarts = from.list(() => from.f64());
  if (!from.bool()) return;
  judging.active++;
  group.alert = {
    state: from.bool() ? 'firing' : 'pending',
    since: from.f64(),
    last: from.f64(),
    lastJudged: from.f64(),
    labels: from.labels(),
    severity: from.text() as ActiveAlert['severity'],
    held: from.bool() ? loadHeld(from, judging.rule) : null,
  };
}

function loadHeld(from: StateReader, { selection, baseline }: Rule): Held {
  const frozenAt = from.f64();
  const windows = from.u32();
  const sums = { windows, ...loadSums(from) };
  const ms = selection.panes?.session ? from.f64() : windows * selection.window;
  const each = baseline.method === 'median' ? from.list(() => loadPast(from, selection)) : null;
  return { frozenAt, sums: { ...sums, ms, each } };
}
