import type { Labels } from '../../pipeline/model/matcher.js';
import type { RuleSet } from '../../pipeline/model/rule.js';
import type { Step } from './notation.js';

/** Line and column, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One series as it is scraped, a step each interval. */
export interface InputSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly gauge: boolean;
  /** Of a counter and of a histogram cumulative. */
  readonly steps: readonly Step[];
  /** What a request adds to the sum, s or the metric's unit, by interval; the last one goes on. Null: there is no sum. */
  readonly each: readonly number[] | null;
  /** Finite bounds of its buckets, s; none where it has no latencies. */
  readonly bounds: readonly number[];
}

export interface ExpectedAlert {
  readonly alert: string;
  /** Those that it must have, among others. */
  readonly labels: Labels;
  readonly state: 'pending' | 'firing';
  /** As people read it, of the transition to this state. */
  readonly value: string | null;
  /** Those that it must have, filled in. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly place: Place;
}

export interface Expectation {
  /** ms from the first scrape. */
  readonly at: number;
  /** All that fires then. */
  readonly alerts: readonly ExpectedAlert[];
  readonly place: Place;
}

export interface RuleTest {
  readonly name: string;
  /** ms between two scrapes. */
  readonly interval: number;
  readonly series: readonly InputSeries[];
  readonly expect: readonly Expectation[];
  readonly place: Place;
}

export interface RuleTests {
  /** Path as given. */
  readonly file: string;
  readonly rules: readonly RuleSet[];
  readonly tests: readonly RuleTest[];
}
