import { filter, map, Subject } from 'rxjs';
import type { Batch } from '../../platform/log/batch.js';
import { type AlertEvent, alertRecord, type Expand } from '../model/alert-record.js';
import { windowsOf } from '../model/burn.js';
import type { Judgement } from '../model/judgement.js';
import { SelectionJudging } from '../model/judging.js';
import { Merging } from '../model/merging.js';
import { PaneStore } from '../model/panes.js';
import type { Rule, RuleSet } from '../model/rule.js';
import { RuleJudging, type UsedAbove } from '../model/rule-judging.js';
import { sameRule } from '../model/same-rule.js';
import { computed, type Selection } from '../model/selection.js';
import { StateReader, StateWriter } from '../model/state-bytes.js';
import { byCodeUnits } from '../model/text.js';
import { closeMerged } from '../operators/close-merged.js';
import { type Judged, judge } from '../operators/judge.js';
import { type PartialRow, type ReadPartial, readPartials } from '../operators/read-partials.js';
import {
  type CompileRules,
  deadLetter,
  type Produced,
  type Stage,
  type StageFactory,
  topics,
  type Warn,
} from '../stage/stage.js';
import { Untold } from './untold.js';

const VERSION = 3;

export interface EvaluateOptions {
  readonly read: ReadPartial;
  readonly compile: CompileRules;
  readonly expand: Expand;
  readonly warn: Warn;
  /** Told what each rule found in the windows that close, in replays too; must not throw. */
  readonly observe?: (partition: number, judgements: readonly Judgement[]) => void;
}

/** Everything that *evaluate* remembers of one partition of `partials`. */
interface EvaluateState {
  rules: RuleSet;
  readonly merging: Merging;
  /** In order of id. */
  selections: SelectionJudging[];
  /** Of the panes that windows are put together from. */
  stores: PaneStore[];
}

/** Partials to windows and alerts: merges per group once every source partition has passed, and judges. */
export class Evaluate implements Stage {
  readonly #state: EvaluateState;
  readonly #input = new Subject<Batch>();
  readonly #untold: Untold;
  #produced: Produced[] = [];

  constructor(
    readonly partition: number,
    readonly options: EvaluateOptions,
    state: EvaluateState,
  ) {
    this.#state = state;
    this.#untold = new Untold(options.warn);
    this.#input
      .pipe(
        readPartials(options.read, { topic: topics.partials, partition }),
        filter((row) => this.#take(row)),
        map(() => undefined),
        closeMerged(() => state),
        judge(() => state.rules.revision, options.expand),
      )
      .subscribe((judged) => this.#collect(judged));
  }

  get rules(): RuleSet {
    return this.#state.rules;
  }

  get watermark(): number {
    return this.#state.merging.watermark;
  }

  /** Pending and firing alerts, by rule. */
  get active(): readonly { readonly alert: string; readonly active: number }[] {
    return this.#state.selections.flatMap(({ rules }) =>
      rules.map(({ rule, active }) => ({ alert: rule.name, active })),
    );
  }

  push(batch: Batch): readonly Produced[] {
    this.#produced = [];
    this.#input.next(batch);
    return this.#produced;
  }

  /** Rules that stay the same keep their alerts; all others end or begin here. */
  takeUp(rules: RuleSet): readonly Produced[] {
    const state = this.#state;
    const kept = new Map<string, RuleJudging>();
    const events: AlertEvent[] = [];
    for (const selection of state.selections) {
      selection.trim();
      for (const judging of selection.rules) {
        const successor = rules.rules.find(({ name }) => name === judging.rule.name);
        if (successor && sameRule(judging.rule, successor))
          kept.set(successor.name, judging.under(successor));
        else for (const event of this.#end(judging, selection)) events.push(event);
      }
    }
    const { merging, selections: before } = state;
    const used = usedIn(before);
    state.stores = storesOf(rules, state.stores, merging.watermark);
    state.selections = rules.judged.map((selection) => {
      const known = before.find((one) => one.selection.id === selection.id);
      if (known) return known;
      const judging = new SelectionJudging(
        selection,
        merging.greatestRead,
        paneStore(state.stores, selection),
      );
      // Panes that closed for others do not come again.
      const { id } = computed(selection);
      const sharing = before.find((one) => computed(one.selection).id === id);
      judging.closedEnd = sharing?.closedEnd ?? judging.closedEnd;
      return judging;
    });
    for (const one of state.selections) {
      one.rules = rulesOf(rules, one).map(
        (rule) => kept.get(rule.name) ?? new RuleJudging(rule, usedAboveOf(rule, used, merging.greatestRead)),
      );
    }
    merging.keep((id) => rules.selections.some((selection) => selection.id === id));
    const { revision } = state.rules;
    state.rules = rules;
    events.sort((a, b) => byCodeUnits(a.rule.name, b.rule.name) || byCodeUnits(a.group, b.group));
    this.#produced = [];
    const alerts = events.map((event) => alertRecord(event, revision, this.options.expand));
    this.#collect({ windows: [], alerts, judgements: [] });
    return this.#produced;
  }

  save(): Buffer {
    const { rules, merging, selections, stores } = this.#state;
    const to = new StateWriter();
    to.u32(VERSION);
    to.text(rules.file);
    to.text(rules.text);
    merging.save(to);
    if (usesPanes(rules)) to.list(stores, (one) => one.save(to));
    to.list(selections, (one) => one.save(to));
    return to.finish();
  }

  #take(row: PartialRow): boolean {
    if (row.kind === 'dead') {
      this.#produced.push(deadLetter(row.letter));
      return false;
    }
    const { merging, selections } = this.#state;
    const gap = merging.read(row.batch, ({ selection: id, start }) =>
      selections.some(({ selection, closedEnd }) => computed(selection).id === id && start >= closedEnd),
    );
    if (gap !== null) this.options.warn(gap);
    return true;
  }

  #end({ rule, groups }: RuleJudging, judging: SelectionJudging): AlertEvent[] {
    const { merging } = this.#state;
    return [...groups].flatMap(([group, { alert }]) =>
      alert === null
        ? []
        : [
            {
              rule,
              group,
              labels: alert.labels,
              severity: alert.severity,
              state: alert.state === 'firing' ? ('resolved' as const) : ('inactive' as const),
              reason: 'rule_changed' as const,
              since: alert.since,
              at: merging.watermark,
              windowStart: judging.startOf(alert.lastJudged),
              windowEnd: alert.lastJudged,
              sums: null,
              baseline: null,
              burn: null,
            },
          ],
    );
  }

  #collect({ windows, alerts, judgements }: Judged): void {
    const { partition } = this;
    this.options.observe?.(partition, judgements);
    this.#untold.observe(judgements);
    for (const { text, record: value } of windows) {
      this.#produced.push({
        topic: topics.windows,
        partition,
        key: text,
        record: { type: 'WindowRecord', value },
      });
    }
    for (const value of alerts) {
      const key = value.fingerprint;
      this.#produced.push({ topic: topics.alerts, partition, key, record: { type: 'AlertRecord', value } });
    }
  }
}

/** The rules of a selection, in order of name. */
const rulesOf = ({ rules }: RuleSet, { selection }: SelectionJudging): readonly Rule[] =>
  rules.filter((rule) => rule.selection.id === selection.id);

/** What rules add up or judge by, and above which end + grace its panes are used. */
const usedIn = (selections: readonly SelectionJudging[]): UsedAbove =>
  new Map(
    selections.flatMap(({ selection, above, rules }) => [
      ...rules.flatMap(({ usedAbove }) => [...usedAbove]),
      [selection.id, above] as const,
    ]),
  );

/** Of what others added up before as it was, of all else what comes from now on. */
const usedAboveOf = ({ objective }: Rule, used: UsedAbove, now: number): UsedAbove =>
  new Map(
    (objective === null ? [] : windowsOf(objective)).map(({ id }) => [id, used.get(id) ?? now] as const),
  );

const usesPanes = ({ judged }: RuleSet): boolean => judged.some(({ panes }) => panes !== null);

/** A store for each selection of panes, as it was where it is not new. */
function storesOf(rules: RuleSet, before: readonly PaneStore[], watermark: number): PaneStore[] {
  return rules.selections.flatMap((selection) => {
    const users = rules.summed.filter(({ panes }) => panes?.of.id === selection.id);
    if (users.length === 0) return [];
    const known = before.find((one) => one.selection.id === selection.id);
    const store = known ?? new PaneStore(selection, watermark);
    store.serve(users);
    return store;
  });
}

const paneStore = (stores: readonly PaneStore[], { panes }: Selection): PaneStore | null =>
  stores.find(({ selection }) => selection.id === panes?.of.id) ?? null;

export function evaluateFactory(options: EvaluateOptions): StageFactory<Evaluate> {
  return {
    name: 'evaluate',
    topic: topics.partials,
    create: (partition, rules) => {
      const stores = storesOf(rules, [], Number.NEGATIVE_INFINITY);
      const selections = rules.judged.map(
        (one) => new SelectionJudging(one, Number.NEGATIVE_INFINITY, paneStore(stores, one)),
      );
      for (const one of selections)
        one.rules = rulesOf(rules, one).map(
          (rule) => new RuleJudging(rule, usedAboveOf(rule, new Map(), Number.NEGATIVE_INFINITY)),
        );
      return new Evaluate(partition, options, { rules, merging: new Merging(), selections, stores });
    },
    restore: (partition, bytes) => {
      const from = new StateReader(bytes);
      const version = from.u32();
      if (version !== VERSION)
        throw new RangeError(`state has version ${version}, this build reads ${VERSION}`);
      const rules = options.compile(from.text(), from.text());
      const merging = Merging.load(from);
      const kept = usesPanes(rules) ? from.list(() => PaneStore.load(from, rules.selections)) : [];
      const stores = storesOf(rules, kept, merging.watermark);
      const selections = from.list(() => SelectionJudging.load(from, { ...rules, stores }));
      return new Evaluate(partition, options, { rules, merging, selections, stores });
    },
  };
}
