import { baselineValue } from './alert-record.js';
import { type Measure, measured } from './measures.js';
import type { BaselineSettings, Operator, Rule } from './rule.js';
import { chooseAlike, SharedBaselines, type Sharing } from './shared-baselines.js';

interface Compared {
  readonly measure: Measure;
  readonly settings: BaselineSettings;
  readonly column: Float64Array;
}

/** Whether what an operator says of two numbers is certainly false: of a number that is missing (NaN) it is not. */
const refutes: Readonly<Record<Operator, (value: number, against: number) => boolean>> = {
  '>': (value, against) => value <= against,
  '>=': (value, against) => value < against,
  '<': (value, against) => value >= against,
  '<=': (value, against) => value > against,
  '==': (value, against) => value < against || value > against,
  '!=': (value, against) => value === against,
};

/**
 * The numbers of all groups of a closed window, in columns that are computed once for all rules that compare them:
 * a hundred rules on a selection cost a hundred comparisons of two numbers.
 */
export class WindowColumns {
  readonly #values = new Map<Measure, Float64Array>();
  readonly #judgeable = new Map<number, Uint8Array>();
  readonly #baselines: Compared[] = [];
  #places: ReadonlyMap<string, number> | null = null;

  /** For rules that are inactive, and were so after every window that is remembered. */
  readonly calm: SharedBaselines;

  /** `end`: of the window; of sessions, when they were over; ms. */
  constructor(
    readonly groups: readonly Sharing[],
    end: number,
  ) {
    this.calm = new SharedBaselines(groups, end);
  }

  /** Places of the groups, by their texts. */
  get places(): ReadonlyMap<string, number> {
    this.#places ??= new Map(this.groups.map(({ merged }, i) => [merged.text, i]));
    return this.#places;
  }

  /**
   * The places, in order, of the groups that have to be looked at, if nothing is remembered of the rule for any:
   * those for which its condition holds or cannot be told. All, where it is judged by more than one comparison.
   */
  notable(rule: Rule): number[] {
    const { condition, also, objective, minRequests } = rule;
    const { measure, operator, threshold } = condition;
    const notable: number[] = [];
    const { length } = this.groups;
    const simple = objective === null && also.length === 0;
    if (!simple || (threshold.kind === 'baseline' && threshold.mads !== 0)) {
      for (let i = 0; i < length; i++) notable.push(i);
      return notable;
    }
    const isRefuted = refutes[operator];
    const values = this.#valuesOf(measure);
    const judgeable = this.#judgeableWith(minRequests);
    if (threshold.kind === 'fixed') {
      const against = threshold.value;
      for (let i = 0; i < length; i++)
        if (judgeable[i] === 0 || !isRefuted(values[i] as number, against)) notable.push(i);
      return notable;
    }
    const { factor } = threshold;
    const baselines = this.#baselinesOf(rule);
    for (let i = 0; i < length; i++)
      if (judgeable[i] === 0 || !isRefuted(values[i] as number, factor * (baselines[i] as number)))
        notable.push(i);
    return notable;
  }

  /** 1 where there are requests enough, and an interval that covers them. */
  #judgeableWith(minRequests: number): Uint8Array {
    const known = this.#judgeable.get(minRequests);
    if (known) return known;
    const column = new Uint8Array(this.groups.length);
    for (const [i, { merged }] of this.groups.entries())
      column[i] = merged.covered && merged.requests >= minRequests ? 1 : 0;
    this.#judgeable.set(minRequests, column);
    return column;
  }

  /** NaN where it cannot be told. */
  #valuesOf(measure: Measure): Float64Array {
    const known = this.#values.get(measure);
    if (known) return known;
    const column = new Float64Array(this.groups.length);
    for (const [i, { merged }] of this.groups.entries())
      column[i] = measured(measure, merged, merged.end - merged.start) ?? Number.NaN;
    this.#values.set(measure, column);
    return column;
  }

  /** NaN where there is none. */
  #baselinesOf(rule: Rule): Float64Array {
    const { baseline: settings, condition } = rule;
    const { measure } = condition;
    for (const one of this.#baselines)
      if (one.measure === measure && chooseAlike(one.settings, settings)) return one.column;
    const column = new Float64Array(this.groups.length);
    for (let i = 0; i < column.length; i++)
      column[i] = baselineValue(measure, this.calm.of(rule, i)) ?? Number.NaN;
    this.#baselines.push({ measure, settings, column });
    return column;
  }
}
