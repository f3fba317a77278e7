import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import type { Bounds } from '../backtest/between.js';
import { Coverage, type Gap } from '../backtest/coverage.js';
import { groupOf, ruleFinder } from '../backtest/episodes.js';
import { needBaseline } from '../backtest/look-back.js';
import { thresholdOf } from '../model/alert-record.js';
import type { BaselineView } from '../model/baseline.js';
import { type Measure, measured } from '../model/measures.js';
import type { Condition, Objective, Operator, Rule, RuleSet } from '../model/rule.js';
import type { Sums } from '../model/sums.js';
import { groupText } from '../model/text.js';
import { judgedBy } from '../model/verdict.js';
import { judgedAt, sumsOf } from '../model/window-sums.js';
import { type BrokenWindow, Tally } from './tally.js';

export interface ReportOptions {
  readonly rules: RuleSet;
  /** Both ends of the period. */
  readonly bounds: Bounds;
  /** Share of the windows in which a rule without one of its own is to be held, above 0 and below 1; null: none. */
  readonly objective: number | null;
  /** How many of the worst windows are told of each rule and group. */
  readonly worst: number;
}

/** How one rule was kept for one group. Times are ms since the epoch, spans ms, shares from 0 to 1. */
export interface Standing {
  /** Name of the rule: that of the alert; of an objective with the severity behind it. */
  readonly rule: string;
  readonly group: Readonly<Record<string, string>>;
  readonly severity: string;
  /** Of the first condition; of an objective the share of bad requests, or of good ones. */
  readonly measure: Measure;
  readonly operator: Operator;
  /** Windows that could be judged, and those in which the rule was held. */
  readonly judged: number;
  readonly held: number;
  /** held / judged; null where nothing was judged. */
  readonly share: number | null;
  readonly objective: number | null;
  readonly met: boolean | null;
  /** Of a rule with an objective of its own: all requests, and the bad ones; null for any other. */
  readonly requests: { readonly all: number; readonly bad: number } | null;
  /** What is left of the windows, or of the requests, that may be bad; below 0 where more were. */
  readonly budgetLeft: number | null;
  readonly worst: readonly BrokenWindow[];
  /** How many fired, for how long together within the period, and until they were resolved in the mean. */
  readonly alerts: number;
  readonly firing: number;
  readonly mttr: number | null;
}

export interface Report {
  readonly from: number;
  readonly to: number;
  /** From when to when there are windows with data; null where there are none. */
  readonly first: number | null;
  readonly last: number | null;
  readonly gaps: readonly Gap[];
  /** By rule, then group. */
  readonly standings: readonly Standing[];
  /** Transitions of rules that are not in the file, and windows of selections that no rule has: left out. */
  readonly others: { readonly alerts: number; readonly windows: number };
}

const noBaseline: BaselineView = { sums: null, frozenAt: null, expired: false };

/** Sums up a period: all alerts first, then its windows. Definitions: docs/semantics.md, "Report". */
export class Reporter {
  readonly #options: ReportOptions;
  readonly #rules = new Map<string, { readonly rule: Rule; readonly tallies: Map<string, Tally> }>();
  readonly #bySelection = new Map<string, Rule[]>();
  readonly #ruleOf: (record: AlertRecord) => Rule | undefined;
  readonly #coverage: Coverage;
  readonly #others = { alerts: 0, windows: 0 };

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#coverage = new Coverage(options.rules);
    this.#ruleOf = ruleFinder(options.rules);
    for (const rule of options.rules.rules) {
      this.#rules.set(rule.name, { rule, tallies: new Map() });
      const { id } = rule.selection;
      this.#bySelection.set(id, [...(this.#bySelection.get(id) ?? []), rule]);
    }
  }

  /** Those of one alert in order of time. */
  takeAlert(record: AlertRecord): void {
    const { from, to } = this.#options.bounds;
    if (record.windowEnd > to) return;
    const rule = this.#ruleOf(record);
    if (rule) this.#tally(rule, groupOf(rule, record.labels)).takeAlert(record);
    else if (record.windowEnd > from) this.#others.alerts++;
  }

  takeWindow(window: WindowRecord): void {
    const { from, to } = this.#options.bounds;
    if (window.end <= from || window.end > to) return;
    const rules = this.#bySelection.get(window.selection);
    if (!rules) {
      this.#others.windows++;
      return;
    }
    this.#coverage.take(window);
    for (const rule of rules) this.#judge(rule, window);
  }

  /** What it comes to. */
  report(): Report {
    const { bounds } = this.#options;
    const standings: Standing[] = [];
    for (const { rule, tallies } of this.#rules.values())
      for (const [, tally] of [...tallies].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const standing = standingOf(rule, tally, this.#options);
        if (standing.judged > 0 || standing.alerts > 0) standings.push(standing);
      }
    const { first, last } = this.#coverage;
    return { ...bounds, first, last, gaps: this.#coverage.gaps(bounds), standings, others: this.#others };
  }

  #tally(rule: Rule, group: Readonly<Record<string, string>>): Tally {
    const tallies = this.#rules.get(rule.name)?.tallies ?? new Map<string, Tally>();
    const text = groupText(group);
    let tally = tallies.get(text);
    if (!tally) {
      tally = new Tally(group, aboutOf(rule).operator, this.#options.worst);
      tallies.set(text, tally);
    }
    return tally;
  }

  #judge(rule: Rule, window: WindowRecord): void {
    const tally = this.#tally(rule, groupOf(rule, window.group));
    const sums = { ...sumsOf(window), covered: window.covered, start: window.start, end: window.end };
    const { objective, selection } = rule;
    // Hopping windows overlap: those that lie side by side have each request once.
    if (objective !== null && window.end % selection.window === 0) count(tally, objective, sums);
    const { measure, threshold } = aboutOf(rule);
    const told = {
      start: window.start,
      end: window.end,
      value: measured(measure, sums, window.end - window.start),
    };
    if (objective !== null || needBaseline([rule.condition, ...rule.also])) {
      if (!window.covered || window.requests === 0 || window.requests < rule.minRequests) return;
      const active = tally.activeAt(judgedAt(rule, window));
      tally.takeWindow(active && { ...told, threshold: threshold ?? active.threshold });
      return;
    }
    const verdict = judgedBy(rule, sums, noBaseline);
    if (typeof verdict !== 'boolean') return;
    tally.takeWindow(verdict ? { ...told, threshold } : null);
  }
}

interface About extends Pick<Condition, 'measure' | 'operator'> {
  /** Null where it is by a baseline. */
  readonly threshold: number | null;
}

/** By what a window is told to be good or bad: the first condition; of an objective the share that it promises. */
function aboutOf({ condition, objective }: Rule): About {
  if (objective === null) {
    const { measure, operator } = condition;
    return { measure, operator, threshold: thresholdOf(condition, noBaseline) };
  }
  const { sli, target } = objective;
  return sli === null
    ? { measure: 'error_ratio', operator: '>', threshold: 1 - target }
    : { measure: sli, operator: '<', threshold: target };
}

function standingOf(rule: Rule, tally: Tally, { bounds, objective: usual }: ReportOptions): Standing {
  const { judged, held, group, worst, requests: all, bad } = tally;
  const { measure, operator } = aboutOf(rule);
  const objective = rule.objective?.target ?? usual;
  const [of, spent] = rule.objective ? [all, bad] : [judged, judged - held];
  const known = objective !== null && of > 0;
  return {
    ...{ rule: rule.name, group, severity: rule.severity, measure, operator, judged, held },
    ...{ share: judged === 0 ? null : held / judged, objective },
    met: known ? (of - spent) / of >= objective : null,
    requests: rule.objective ? { all, bad } : null,
    budgetLeft: known ? 1 - spent / ((1 - objective) * of) : null,
    worst,
    ...alertsOf(tally, bounds),
  };
}

/** Requests of which it cannot be told whether they were good count nowhere. */
function count(tally: Tally, { sli }: Objective, sums: Sums): void {
  const good = sli === null ? null : measured(sli, sums, 0);
  if (sli !== null && good === null) return;
  tally.requests += sums.requests;
  tally.bad += good === null ? sums.errors : sums.requests * (1 - good);
}

function alertsOf({ alerts }: Tally, { from, to }: Bounds): Pick<Standing, 'alerts' | 'firing' | 'mttr'> {
  let [count, firing, resolved, lasted] = [0, 0, 0, 0];
  for (const { from: fired, end } of alerts) {
    if (fired === null || end <= from || fired > to) continue;
    count++;
    firing += Math.min(end, to) - Math.max(fired, from);
    if (end > to) continue;
    resolved++;
    lasted += end - fired;
  }
  return { alerts: count, firing, mttr: resolved === 0 ? null : lasted / resolved };
}
