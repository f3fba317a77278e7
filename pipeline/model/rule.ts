import type { Matcher } from './matcher.js';
import type { Measure } from './measures.js';
import type { Selection } from './selection.js';

export const operators = ['>', '>=', '<', '<=', '==', '!='] as const;
export type Operator = (typeof operators)[number];

/** What becomes of a rule where its group has no data. */
export const absencePolicies = ['keep', 'alert', 'resolve', 'ignore'] as const;
export type AbsencePolicy = (typeof absencePolicies)[number];

export type Severity = 'critical' | 'warning' | 'info';

/** `FACTOR * baseline + MADS * mad` */
export interface Compared {
  readonly kind: 'baseline';
  readonly factor: number;
  /** How many median absolute deviations away; 0 for none. */
  readonly mads: number;
}

/** `MEASURE OP (NUMBER UNIT | FACTOR * baseline)`; a fixed threshold in the unit of the measure. */
export interface Condition {
  readonly measure: Measure;
  readonly operator: Operator;
  readonly threshold: { readonly kind: 'fixed'; readonly value: number } | Compared;
}

/** How several windows make one value: by their sums, or by the one in the middle. */
export const baselineMethods = ['mean', 'median'] as const;

export interface BaselineSettings {
  readonly method: (typeof baselineMethods)[number];
  /** How long before the end of the current window the last candidate ends, ms; 0: right before it. */
  readonly offset: number;
  /** How many windows before the current one are candidates. */
  readonly windows: number;
  /** How many of them must count. */
  readonly minWindows: number;
  readonly freeze: boolean;
  /** How long a value is held, ms. */
  readonly maxAge: number;
}

/** What is promised of requests, and how fast its error budget may burn. */
export interface Objective {
  /** Share of the requests that are to be good, between 0 and 1. */
  readonly target: number;
  /** The share that is good; null: that which is no error. */
  readonly sli: Measure | null;
  /** It is burning too fast where any of them says so. */
  readonly rates: readonly BurnRate[];
}

/** Both windows burn more than so many times as fast as the budget allows. */
export interface BurnRate {
  readonly long: Selection;
  readonly short: Selection;
  readonly factor: number;
}

/** One SLA, compiled, all defaults applied. Durations in ms. */
export interface Rule {
  /** Unique: that of the alert; of an objective, which has a rule for each severity, with that behind it. */
  readonly name: string;
  readonly alert: string;
  readonly selection: Selection;
  /** What the rule is about: the first of those that must all hold for it to be broken. */
  readonly condition: Condition;
  /** The others. */
  readonly also: readonly Condition[];
  /** What must hold for it to be over; null: that the conditions do not. */
  readonly clear: readonly Condition[] | null;
  /** What is judged in place of conditions; null for a rule that has them. */
  readonly objective: Objective | null;
  readonly baseline: BaselineSettings;
  readonly context: readonly Measure[];
  readonly minRequests: number;
  readonly for: number;
  readonly keepFiringFor: number;
  readonly noData: AbsencePolicy;
  readonly noDataFor: number;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Path as configured, unresolved. */
  readonly file: string;
  /** Line of the `alert` key, from 1. */
  readonly line: number;
}

/** The rules of one file with the text they came from. */
export interface RuleSet {
  readonly file: string;
  readonly text: string;
  /** First 12 hex digits of SHA-256 of the file's bytes. */
  readonly revision: string;
  /** Whether a small fall of a counter is a disagreement of a pair, and no reset. */
  readonly jitter: boolean;
  /** In order of name. */
  readonly rules: readonly Rule[];
  /** Distinct selections that *aggregate* computes for the rules, in order of id. */
  readonly selections: readonly Selection[];
  /** Distinct selections that the rules judge by, in order of id. */
  readonly judged: readonly Selection[];
  /** These, and what objectives add up beside them. */
  readonly summed: readonly Selection[];
}

export type { Matcher };
