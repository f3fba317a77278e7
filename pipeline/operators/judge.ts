import { map, type OperatorFunction } from 'rxjs';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { type AlertEvent, alertRecord, type Expand } from '../model/alert-record.js';
import { type BaselineView, baselineFor, baselineSums, type PastWindow } from '../model/baseline.js';
import { type BurnFound, burnFor } from '../model/burn.js';
import { CalmGroups, type GroupJudgement, type Judgement } from '../model/judgement.js';
import type { GroupRule, RuleJudging } from '../model/rule-judging.js';
import type { Sharing } from '../model/shared-baselines.js';
import type { GroupWindow } from '../model/sums.js';
import { byCodeUnits } from '../model/text.js';
import type { Unjudged } from '../model/unjudged.js';
import { judgedBy, type Verdict } from '../model/verdict.js';
import { WindowColumns } from '../model/window-columns.js';
import { WindowRow } from '../model/window-row.js';
import type { ClosedWindow, ClosingStep } from './close-merged.js';
import { begin, judgeGroup, type Remembered } from './judge-group.js';

export interface Judged {
  readonly windows: readonly { readonly text: string; readonly record: WindowRecord }[];
  readonly alerts: readonly AlertRecord[];
  /** One for each rule of a selection whose window closed. */
  readonly judgements: readonly Judgement[];
}

/** Judges each closed window by every rule of its selection: a record per window, one per transition. */
export function judge(revision: () => string, expand: Expand): OperatorFunction<ClosingStep, Judged> {
  return map((closed) => {
    const events: AlertEvent[] = [];
    const judgements: Judgement[] = [];
    for (const window of closed) {
      const groups = window.groups.map((merged) => ({ merged, past: pastOf(window, merged.text) }));
      const columns = new WindowColumns(groups, window.end);
      for (const judging of window.judging.rules) {
        const { rule } = judging;
        const { groups, transitions, notable } = judgeRule(window, judging, columns);
        for (const event of transitions) events.push(event);
        judgements.push({ rule, end: window.end, groups, calm: new CalmGroups(rule, columns, notable) });
      }
      remember(window);
    }
    events.sort((a, b) => byCodeUnits(a.rule.name, b.rule.name) || byCodeUnits(a.group, b.group));
    return {
      windows: closed.flatMap((window) =>
        window.groups.map((group) => ({
          text: group.text,
          record: new WindowRow(window.judging.selection, group),
        })),
      ),
      alerts: events.map((event) => alertRecord(event, revision(), expand)),
      judgements,
    };
  });
}

interface Found {
  /** Places of the groups with data that were looked at, in order. */
  readonly notable: readonly number[];
  readonly groups: GroupJudgement[];
  readonly transitions: AlertEvent[];
}

const nothing: readonly PastWindow[] = [];

const pastOf = ({ judging }: ClosedWindow, text: string): readonly PastWindow[] =>
  judging.past.get(text)?.windows ?? nothing;

function judgeRule(window: ClosedWindow, judging: RuleJudging, columns: WindowColumns): Found {
  const { groups, calm } = columns;
  const notable = notableOf(judging, columns);
  const found: Found = { notable, groups: [], transitions: [] };
  const { rule } = judging;
  for (const i of notable) {
    const { merged, past } = groups[i] as Sharing;
    const { text } = merged;
    const group = judging.known(text);
    if (group === undefined) judgeCalm(found, { window, judging, merged, baseline: calm.of(rule, i) });
    else {
      const baseline = baselineOf(window, judging, group, (all) =>
        all ? calm.of(rule, i).sums : calm.without(rule, i, group.activeStarts),
      );
      judgeActive(found, { window, judging, group, merged, text, past }, baseline);
    }
  }
  for (const { group, text, past, isOpen } of absentGroups(window, judging, columns)) {
    if (isOpen) {
      const { labels, alert } = group;
      const state = alert?.state ?? 'inactive';
      found.groups.push({ labels, sums: null, baseline: none, burned: null, state, unjudged: null });
    } else {
      const { start, end } = window;
      const baseline = baselineOf(window, judging, group, (all) =>
        baselineSums({ rule, start, end, past }, all ? null : (one) => group.activeStarts.includes(one)),
      );
      judgeActive(found, { window, judging, group, merged: null, text, past }, baseline);
    }
  }
  return found;
}

const baselineOf = (
  { end }: ClosedWindow,
  { rule }: RuleJudging,
  { alert }: GroupRule,
  sumsOf: Parameters<typeof baselineFor>[1],
): BaselineView => baselineFor({ rule, end, active: alert !== null, held: alert?.held ?? null }, sumsOf);

/** Places of the groups that have to be looked at, in order: also those of which the rule remembers something. */
function notableOf({ rule, groups: remembered }: RuleJudging, columns: WindowColumns): readonly number[] {
  const notable = columns.notable(rule);
  if (remembered.size === 0 || notable.length === columns.groups.length) return notable;
  for (const text of remembered.keys()) {
    const place = columns.places.get(text);
    if (place === undefined) continue;
    const at = placeFor(notable, place);
    if (notable[at] !== place) notable.splice(at, 0, place);
  }
  return notable;
}

/** Where a number stands among others in order, or would. */
function placeFor(numbers: readonly number[], one: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) < one) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Absent extends Pick<Remembered, 'group' | 'text' | 'past'> {
  /** Whether a session of the group goes on. */
  readonly isOpen: boolean;
}

/** Groups without data of which the rule says something all the same: it is active, or alerts for want of data. */
function absentGroups(window: ClosedWindow, judging: RuleJudging, columns: WindowColumns): readonly Absent[] {
  const { sessions, seen } = window.judging;
  const alerts = judging.rule.noData === 'alert' && seen !== null && seen.size > 0;
  if (judging.active === 0 && !alerts) return [];
  const { places: withData } = columns;
  const absent: Absent[] = [];
  const add = (text: string, group: GroupRule): void => {
    const isOpen = sessions?.isOpen(text) ?? false;
    absent.push({ group, text, past: pastOf(window, text), isOpen });
  };
  for (const [text, group] of judging.groups)
    if (group.alert !== null && !withData.has(text)) add(text, group);
  if (!alerts) return absent;
  for (const [text, { labels }] of seen)
    if (!withData.has(text) && !judging.known(text)?.alert) add(text, judging.group(text, labels));
  return absent;
}

interface Calm extends Pick<Remembered, 'window' | 'judging'> {
  readonly merged: GroupWindow;
  readonly baseline: BaselineView;
}

/** The usual case: the rule is inactive for the group, and was after every window that is remembered. */
function judgeCalm(found: Found, { window, judging, merged, baseline }: Calm): void {
  const { rule } = judging;
  const { text, labels } = merged;
  const burn = burnOf(judging, window, merged);
  const verdict = burn?.verdict ?? judgedBy(rule, merged, baseline);
  let state: GroupJudgement['state'] = 'inactive';
  if (verdict === true) {
    const group = judging.group(text, labels);
    const begun = begin({ window, judging, merged, group, text, baseline, burn });
    found.transitions.push(begun);
    if (isCandidate(window, merged)) group.activeStarts.push(merged.start);
    state = group.alert?.state ?? state;
  }
  const burned = burn?.deciding ?? null;
  found.groups.push({ labels, sums: merged, baseline, burned, state, unjudged: whyNot(verdict) });
}

/** A rule that is active for the group, or was after a window that is remembered. */
function judgeActive(found: Found, remembered: Remembered, baseline: BaselineView): void {
  const { window, judging, group, merged, text } = remembered;
  const { rule } = judging;
  const { labels, activeStarts } = group;
  const start = merged?.start ?? window.start;
  const burn = merged && burnOf(judging, window, merged);
  const verdict = burn?.verdict ?? judgedBy(rule, merged, baseline);
  if (group.alert !== null || verdict !== false) {
    const transition = judgeGroup({ window, judging, group, merged, text, baseline, burn }, verdict);
    if (transition) found.transitions.push(transition);
    if (group.alert !== null && isCandidate(window, merged)) activeStarts.push(start);
  }
  const state = group.alert?.state ?? 'inactive';
  const burned = burn?.deciding ?? null;
  found.groups.push({ labels, sums: merged, baseline, burned, state, unjudged: whyNot(verdict) });
}

/** Of an objective, what its windows say; null for any other rule, and where nothing is measured over time yet. */
function burnOf(
  { rule, usedAbove }: RuleJudging,
  { judging: { panes }, end }: ClosedWindow,
  merged: GroupWindow,
): BurnFound | null {
  const { objective, minRequests } = rule;
  if (objective === null || panes === null || !merged.covered) return null;
  return burnFor({ objective, minRequests, usedAbove, panes, group: merged.text, end });
}

/** Of a window with data. */
const whyNot = (verdict: Verdict): Unjudged | null =>
  typeof verdict === 'boolean' || verdict === 'no_data' ? null : verdict;

/** Whether a later window may be compared with this one. */
const isCandidate = ({ judging, end }: ClosedWindow, merged: GroupWindow | null): boolean =>
  judging.isCandidate(end) && (judging.sessions === null || merged !== null);

const none: BaselineView = { sums: null, frozenAt: null, expired: false };

/** Windows with requests become candidates of later baselines. */
function remember({ judging, end: at, groups }: ClosedWindow): void {
  judging.see(at, groups);
  const candidates = judging.isCandidate(at) ? groups : [];
  for (const { text, labels, start, end, requests, latencySum, errors, buckets, max } of candidates) {
    if (!(requests > 0)) continue;
    const past: { windows: PastWindow[] } = judging.past.get(text) ?? { windows: [] };
    if (past.windows.length === 0) judging.past.set(text, { labels, windows: past.windows });
    past.windows.push({ start, ms: end - start, requests, latencySum, errors, buckets, max });
  }
  judging.trimSometimes();
}
