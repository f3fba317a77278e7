import type { ActiveAlert } from './alert-state.js';
import type { PastWindow } from './baseline.js';
import type { Labels } from './matcher.js';
import type { Rule, RuleSet } from './rule.js';
import type { Selection } from './selection.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { loadSums, saveSums } from './sums.js';

/** A group's recent windows with requests, oldest first. */
export interface GroupPast {
  readonly labels: Labels;
  windows: PastWindow[];
}

/** A rule for one group: whether it is active, and after which recent windows it was. */
export interface GroupRule {
  readonly labels: Labels;
  alert: ActiveAlert | null;
  activeStarts: number[];
}

/** What judging remembers of one rule. */
export class RuleJudging {
  readonly groups = new Map<string, GroupRule>();
  /** How many groups are pending or firing. */
  active = 0;

  constructor(readonly rule: Rule) {}

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
    const judging = new RuleJudging(rule);
    for (const [text, group] of this.groups) judging.groups.set(text, group);
    judging.active = this.active;
    return judging;
  }
}

/** What judging remembers of one selection. */
export class SelectionJudging {
  rules: RuleJudging[] = [];
  readonly past = new Map<string, GroupPast>();
  /** End of the newest closed window, ms. */
  closedEnd = Number.NEGATIVE_INFINITY;
  #trimmedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly selection: Selection,
    /** Windows are formed only where end + grace is above this, ms. */
    readonly above: number,
  ) {}

  get active(): boolean {
    return this.rules.some(({ active }) => active > 0);
  }

  /** How many windows back any of its rules looks. */
  get reach(): number {
    return Math.max(0, ...this.rules.map(({ rule }) => rule.baseline.windows));
  }

  /** Forgets what no later window can ask for, once in as many windows as are remembered. */
  trimSometimes(): void {
    if (this.closedEnd - this.#trimmedAt >= this.reach * this.selection.window) this.trim();
  }

  /** Forgets what no later window can ask for. */
  trim(): void {
    this.#trimmedAt = this.closedEnd;
    const oldest = this.closedEnd - this.reach * this.selection.window;
    for (const [text, group] of this.past) {
      group.windows = group.windows.filter(({ start }) => start >= oldest);
      if (group.windows.length === 0) this.past.delete(text);
    }
    for (const { groups } of this.rules) {
      for (const [text, group] of groups) {
        group.activeStarts = group.activeStarts.filter((start) => start >= oldest);
        if (group.alert === null && group.activeStarts.length === 0) groups.delete(text);
      }
    }
  }

  save(to: StateWriter): void {
    to.text(this.selection.id);
    to.f64(this.above);
    to.f64(this.closedEnd);
    to.list(this.past.values(), ({ labels, windows }) => {
      to.labels(labels);
      to.list(windows, (window) => {
        to.f64(window.start);
        saveSums(to, window);
      });
    });
    to.list(this.rules, ({ rule, groups }) => {
      to.text(rule.alert);
      to.list(groups, ([text, group]) => saveGroupRule(to, text, group));
    });
  }

  static load(from: StateReader, rules: RuleSet, groupText: (labels: Labels) => string): SelectionJudging {
    const id = from.text();
    const selection = rules.selections.find((one) => one.id === id);
    if (!selection) throw new RangeError(`state names the unknown selection ${id}`);
    const judging = new SelectionJudging(selection, from.f64());
    judging.closedEnd = from.f64();
    from.list(() => {
      const labels = from.labels();
      const windows = from.list(() => ({ start: from.f64(), ...loadSums(from) }));
      judging.past.set(groupText(labels), { labels, windows });
    });
    judging.rules = from.list(() => {
      const alert = from.text();
      const rule = rules.rules.find((one) => one.alert === alert);
      if (!rule) throw new RangeError(`state names the unknown rule ${alert}`);
      const loaded = new RuleJudging(rule);
      from.list(() => loadGroupRule(from, loaded));
      return loaded;
    });
    return judging;
  }
}

function saveGroupRule(to: StateWriter, text: string, { labels, alert, activeStarts }: GroupRule): void {
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
}

function loadGroupRule(from: StateReader, judging: RuleJudging): void {
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
    held: from.bool() ? { frozenAt: from.f64(), sums: { windows: from.u32(), ...loadSums(from) } } : null,
  };
}
