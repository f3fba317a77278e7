import { ABSENT_FOR } from './alert-state.js';
import { type PastWindow, reachOf, spanOf } from './baseline.js';
import type { Labels } from './matcher.js';
import type { PaneStore } from './panes.js';
import type { AbsencePolicy, RuleSet } from './rule.js';
import { loadGroupRule, loadPast, RuleJudging, saveGroupRule, savePast } from './rule-judging.js';
import { everyOf, type Selection } from './selection.js';
import { Sessions } from './sessions.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import type { GroupWindow } from './sums.js';
import { groupText } from './text.js';
import { hoppingStart, windowStart } from './windows.js';

/** A group's recent windows with requests, oldest first. */
export interface GroupPast {
  readonly labels: Labels;
  windows: PastWindow[];
}

/** A group that had data. */
interface Seen {
  readonly labels: Labels;
  /** Of its last window with data, ms. */
  readonly end: number;
}

/** Whether it depends on when a group last had data. */
const remembersGroups = (policy: AbsencePolicy): boolean => policy === 'alert' || policy === 'ignore';

const HOUR = 3_600_000;

/** What judging remembers of one selection. */
export class SelectionJudging {
  #rules: readonly RuleJudging[] = [];
  /** How many windows back any of its rules looks. */
  #reach = 0;
  /** By group text, when its last window with data ended; null where no rule asks for it. */
  seen: Map<string, Seen> | null = null;
  readonly past = new Map<string, GroupPast>();
  /** End of the newest closed window, ms. */
  closedEnd = Number.NEGATIVE_INFINITY;
  /** Null where its windows are no sessions. */
  readonly sessions: Sessions | null;
  #trimmedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly selection: Selection,
    /** Windows, and panes of them, are used only where end + grace is above this, ms. */
    readonly above: number,
    /** What its windows are put together from; null where they come as they are. */
    readonly panes: PaneStore | null,
  ) {
    const session = selection.panes?.session;
    this.sessions = session ? new Sessions(session) : null;
  }

  get rules(): readonly RuleJudging[] {
    return this.#rules;
  }

  set rules(rules: readonly RuleJudging[]) {
    this.#rules = rules;
    this.#reach = Math.max(0, ...rules.map(({ rule }) => reachOf(rule)));
    this.seen = rules.some(({ rule: { noData } }) => remembersGroups(noData))
      ? (this.seen ?? new Map())
      : null;
  }

  /** Whether some rule judges groups that have no data. */
  get #awaitsGroups(): boolean {
    return (this.seen?.size ?? 0) > 0 && this.#rules.some(({ rule }) => rule.noData === 'alert');
  }

  get active(): boolean {
    return this.rules.some(({ active }) => active > 0);
  }

  /** End of the next window that closes even without data, ms; Infinity where none does. */
  get awaitedEnd(): number {
    const { selection, sessions, panes } = this;
    const next = this.closedEnd + everyOf(selection);
    if (this.active || this.#awaitsGroups) return next;
    if (sessions !== null) return sessions.nextEnd;
    const holdsData = panes !== null && this.startOf(next) < panes.newestEnd;
    return holdsData ? next : Number.POSITIVE_INFINITY;
  }

  /** Start of the window that ends there; a session says itself when it began. */
  startOf(end: number): number {
    const { selection, sessions } = this;
    return sessions === null ? hoppingStart(end, selection.window, everyOf(selection)) : end;
  }

  /** Whether a window that ends there can be compared with later: those that lie side by side, and all sessions. */
  isCandidate(end: number): boolean {
    return this.sessions !== null || end % this.selection.window === 0;
  }

  /** Remembers which groups had data in a window that ends there, and forgets those that had none for long. */
  see(end: number, groups: readonly GroupWindow[]): void {
    const { seen } = this;
    if (seen === null) return;
    // In order of when they had data last: so those to be forgotten come first.
    for (const { text, labels } of groups) {
      seen.delete(text);
      seen.set(text, { labels, end });
    }
    for (const [text, one] of seen) {
      if (end - one.end <= ABSENT_FOR) break;
      seen.delete(text);
    }
  }

  /** Forgets what no later window can ask for: once in as many windows as are remembered, of long ones each hour. */
  trimSometimes(): void {
    const remembered = this.#reach * spanOf(this.selection);
    const isLong = this.panes !== null || this.rules.some(({ rule }) => rule.baseline.offset > 0);
    const period = isLong ? Math.min(remembered, HOUR) : remembered;
    if (this.closedEnd - this.#trimmedAt >= period) this.trim();
  }

  /** Forgets what no later window can ask for. */
  trim(): void {
    this.#trimmedAt = this.closedEnd;
    const oldest = this.#oldest();
    for (const [text, group] of this.past) {
      group.windows = group.windows.filter(({ start }) => start >= oldest);
      if (this.sessions !== null) group.windows.splice(0, group.windows.length - this.#reach);
      if (group.windows.length === 0) this.past.delete(text);
    }
    for (const { groups } of this.rules) {
      for (const [text, group] of groups) {
        group.activeStarts = group.activeStarts.filter((start) => start >= oldest);
        if (group.alert === null && group.activeStarts.length === 0) groups.delete(text);
      }
    }
  }

  /** Start of the oldest window that the next one can be compared with. */
  #oldest(): number {
    const { closedEnd, selection, sessions } = this;
    const reach = this.#reach;
    if (sessions !== null) return closedEnd - (reach + 1) * spanOf(selection);
    const next = closedEnd + everyOf(selection) - selection.window;
    return windowStart(next, selection.window) - reach * selection.window;
  }

  save(to: StateWriter): void {
    to.text(this.selection.id);
    to.f64(this.above);
    to.f64(this.closedEnd);
    to.list(this.past.values(), ({ labels, windows }) => {
      to.labels(labels);
      to.list(windows, (window) => savePast(to, this.selection, window));
    });
    to.list(this.rules, ({ rule, groups, usedAbove }) => {
      to.text(rule.name);
      if (rule.objective !== null)
        to.list(usedAbove, ([id, above]) => {
          to.text(id);
          to.f64(above);
        });
      to.list(groups, ([text, group]) => saveGroupRule(to, rule, { text, ...group }));
    });
    this.sessions?.save(to);
    if (this.seen !== null)
      to.list(this.seen, ([text, { labels, end }]) => {
        to.text(text);
        to.labels(labels);
        to.f64(end);
      });
  }

  static load(from: StateReader, { rules, judged, stores }: Known): SelectionJudging {
    const id = from.text();
    const selection = judged.find((one) => one.id === id);
    if (!selection) throw new RangeError(`state names the unknown selection ${id}`);
    const panes = stores.find((one) => one.selection.id === selection.panes?.of.id) ?? null;
    const judging = new SelectionJudging(selection, from.f64(), panes);
    judging.closedEnd = from.f64();
    from.list(() => {
      const labels = from.labels();
      const windows = from.list(() => loadPast(from, selection));
      judging.past.set(groupText(labels), { labels, windows });
    });
    judging.rules = from.list(() => {
      const name = from.text();
      const rule = rules.find((one) => one.name === name);
      if (!rule) throw new RangeError(`state names the unknown rule ${name}`);
      const usedAbove = rule.objective === null ? [] : from.list(() => [from.text(), from.f64()] as const);
      const loaded = new RuleJudging(rule, new Map(usedAbove));
      from.list(() => loadGroupRule(from, loaded));
      return loaded;
    });
    judging.sessions?.load(from);
    const { seen } = judging;
    if (seen !== null) from.list(() => seen.set(from.text(), { labels: from.labels(), end: from.f64() }));
    return judging;
  }
}

/** What a state refers to. */
export interface Known extends Pick<RuleSet, 'rules' | 'judged'> {
  readonly stores: readonly PaneStore[];
}
