import { Counter, Gauge, type Registry } from 'prom-client';
import type { Evaluate } from '../pipeline/evaluate/evaluate.js';
import { baselineValue, thresholdOf } from '../pipeline/model/alert-record.js';
import type { Judgement } from '../pipeline/model/judgement.js';
import { everywhere, exposedAs, isOfRequests, type Measure, measured } from '../pipeline/model/measures.js';
import type { Rule, RuleSet } from '../pipeline/model/rule.js';
import { sameRule } from '../pipeline/model/same-rule.js';
import { computed } from '../pipeline/model/selection.js';
import { unjudged } from '../pipeline/model/unjudged.js';
import { closedEnd } from '../pipeline/model/windows.js';
import { NewestGroups, type Shown } from './newest-groups.js';

/** Groups that are shown at most, over all rules and partitions; each has about ten series. */
const MOST_GROUPS = 500;

/** Labels of ours and of Prometheus: a group's label of that name becomes `exported_NAME`, as Prometheus would have it. */
const taken: readonly string[] = ['rule', 'state', 'job', 'instance'];

export interface WindowMetricsOptions {
  readonly registry: Registry;
  /** Those to begin with; what others a stage takes up is known from the stage. */
  readonly rules: RuleSet;
  /** The stages at work, by partition; nothing of another is shown. */
  readonly live: ReadonlyMap<number, Evaluate>;
  /** Whether the group counts on this process; where it does not, the partitions may be another's by now. */
  readonly member: () => boolean;
  readonly mostGroups?: number;
}

type Labels = Readonly<Record<string, string>>;

/** What closed last, by rule, under these rules. */
interface Newest {
  readonly rules: RuleSet;
  readonly shown: Map<Rule, NewestGroups>;
}

type Series = (shown: Shown) => readonly { readonly labels?: Labels; readonly value: number | null }[];
type MetricObject = Awaited<ReturnType<Gauge['get']>>;

/** What closed last, of each rule and group, as gauges: kept when it closes, and written out when it is scraped. */
export class WindowMetrics {
  readonly #options: WindowMetricsOptions;
  readonly #newest = new WeakMap<Evaluate, Newest>();
  readonly #learned = new WeakSet<RuleSet>();
  readonly #exposed = new Set<Measure>();
  /** prom-client formats a label set once, as long as it is the same object. */
  readonly #labels = new WeakMap<Shown, Labels>();
  readonly #leftOut: Counter<'rule'>;
  readonly #unjudged: Counter<'rule' | 'reason'>;

  constructor(options: WindowMetricsOptions) {
    this.#options = options;
    this.#leftOut = new Counter({
      name: 'tidemark_window_groups_left_out_total',
      help: 'Groups of closed windows that are not shown, for there are too many',
      labelNames: ['rule'],
      registers: [options.registry],
    });
    this.#unjudged = new Counter({
      name: 'tidemark_window_not_judged_total',
      help: 'Closed windows of groups with data that a rule did not judge, by reason',
      labelNames: ['rule', 'reason'],
      registers: [options.registry],
    });
    this.#learn(options.rules);
    this.#gauge('end_timestamp_seconds', 'When the newest closed window ended', ({ sums, end }) => [
      { value: sums && end / 1000 },
    ]);
    this.#gauge('alert_state', '1 where the newest closed window left the alert in this state', (shown) =>
      (['pending', 'firing'] as const).map((state) => ({
        labels: { state },
        value: shown.state === state ? 1 : 0,
      })),
    );
  }

  /** What rules that are new name has gauges from here on. */
  #learn(rules: RuleSet): void {
    if (this.#learned.has(rules)) return;
    this.#learned.add(rules);
    for (const { name: rule } of rules.rules) {
      this.#leftOut.inc({ rule }, 0);
      for (const reason of unjudged) this.#unjudged.inc({ rule, reason }, 0);
    }
    for (const measure of measuresOf(rules)) if (!this.#exposed.has(measure)) this.#expose(measure);
  }

  #expose(measure: Measure): void {
    this.#exposed.add(measure);
    const [name, help] = exposedAs(measure);
    const one = (value: (shown: Shown) => number | null): Series => {
      return (shown) => [{ value: value(shown) }];
    };
    this.#gauge(
      name,
      `${help}, in the newest closed window`,
      one(({ rule, sums, burned }) => {
        if (rule.objective !== null && rule.condition.measure === measure) return burned?.burn ?? null;
        return sums && shows(rule, measure) ? measured(measure, sums, sums.end - sums.start) : null;
      }),
    );
    this.#gauge(
      `baseline_${name}`,
      `${help}, in the windows before that it is compared with`,
      one(({ rule, baseline }) => (looksBack(rule, measure) ? baselineValue(measure, baseline) : null)),
    );
    this.#gauge(
      `threshold_${name}`,
      `${help}, that the rule draws the line at`,
      one(({ rule, baseline, burned }) =>
        rule.condition.measure === measure ? (burned?.factor ?? thresholdOf(rule.condition, baseline)) : null,
      ),
    );
  }

  /** Takes what the stage of a partition found; nothing while it only recovers. */
  observe(partition: number, judgements: readonly Judgement[]): void {
    const stage = this.#options.live.get(partition);
    if (!stage) return;
    const shown = this.#newestOf(stage);
    for (const judgement of judgements) {
      const { rule, groups } = judgement;
      shown.delete(rule);
      for (const { unjudged: reason } of groups)
        if (reason !== null) this.#unjudged.inc({ rule: rule.name, reason });
      const { newest, leftOut } = NewestGroups.of(judgement, this.#room());
      if (leftOut > 0) this.#leftOut.inc({ rule: rule.name }, leftOut);
      shown.set(rule, newest);
    }
  }

  /** What closed last under the rules that the stage judges by now: of a rule that stayed the same, also before. */
  #newestOf(stage: Evaluate): Map<Rule, NewestGroups> {
    const { rules } = stage;
    const known = this.#newest.get(stage);
    if (known?.rules === rules) return known.shown;
    this.#learn(rules);
    const shown = new Map<Rule, NewestGroups>();
    for (const [before, groups] of known?.shown ?? []) {
      const rule = rules.rules.find(({ name }) => name === before.name);
      if (rule && sameRule(before, rule)) shown.set(rule, groups.under(rule));
    }
    this.#newest.set(stage, { rules, shown });
    return shown;
  }

  /** For how many more groups there is room. */
  #room(): number {
    const { live, mostGroups = MOST_GROUPS } = this.#options;
    let room = mostGroups;
    for (const stage of live.values())
      for (const others of this.#newestOf(stage).values()) room -= others.length;
    return room;
  }

  /** A window without data leaves no trace here, so what is kept may be older than the newest one. */
  #shown(): readonly Shown[] {
    const { live, member } = this.#options;
    if (!member()) return [];
    return [...live.values()].flatMap((stage) =>
      stage.rules.rules.flatMap((rule) => {
        const { window, grace } = computed(rule.selection);
        const since = closedEnd(stage.watermark, window, grace);
        const newest = this.#newestOf(stage).get(rule);
        return newest && newest.end >= since ? newest.shown : [];
      }),
    );
  }

  #gauge(suffix: string, help: string, series: Series): void {
    const name = `tidemark_window_${suffix}`;
    const gauge = new Gauge({ name, help, registers: [this.#options.registry] });
    gauge.get = () => {
      const values = this.#shown().flatMap((shown) =>
        series(shown).flatMap(({ labels = {}, value }) =>
          value === null ? [] : [{ value, labels, sharedLabels: this.#labelsOf(shown) }],
        ),
      );
      return Promise.resolve({
        name,
        help,
        type: 'gauge',
        aggregator: 'sum',
        values,
      } as unknown as MetricObject);
    };
  }

  #labelsOf(shown: Shown): Labels {
    const known = this.#labels.get(shown);
    if (known) return known;
    const labels: Record<string, string> = { rule: shown.rule.name };
    for (const [name, value] of Object.entries(shown.labels)) labels[freeName(name, shown.labels)] = value;
    this.#labels.set(shown, labels);
    return labels;
  }
}

/** Those that every window has, and what the rules name besides. */
const measuresOf = ({ rules }: RuleSet): ReadonlySet<Measure> =>
  new Set([...everywhere, ...rules.flatMap(namedBy)]);

const namedBy = ({ condition, context }: Rule): readonly Measure[] => [condition.measure, ...context];

/** What is everywhere says nothing of a metric that is about something else than requests. */
const shows = (rule: Rule, measure: Measure): boolean =>
  namedBy(rule).includes(measure) || (everywhere.includes(measure) && namedBy(rule).every(isOfRequests));

/** Whether the rule compares the measure with its past, to judge by it or to report it beside. */
const looksBack = ({ condition, context }: Rule, measure: Measure): boolean =>
  context.includes(measure) || (condition.measure === measure && condition.threshold.kind === 'baseline');

function freeName(name: string, group: Labels): string {
  let free = name;
  while (taken.includes(free) || (free !== name && free in group)) free = `exported_${free}`;
  return free;
}
