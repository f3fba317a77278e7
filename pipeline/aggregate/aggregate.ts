import { Subject } from 'rxjs';
import type { Batch } from '../../platform/log/batch.js';
import { Account } from '../model/account.js';
import { Block } from '../model/block.js';
import type { MetricDecoding } from '../model/cursor.js';
import { type GroupOptions, MAX_GROUPS, OVERFLOW_VALUE } from '../model/groups.js';
import type { RuleSet } from '../model/rule.js';
import { Selected } from '../model/selected.js';
import { SeriesTable } from '../model/series-table.js';
import { StateReader, StateWriter } from '../model/state-bytes.js';
import { PartitionWatermark } from '../model/watermarks.js';
import { accumulate } from '../operators/accumulate.js';
import { type Closed, type Closing, closeWindows } from '../operators/close-windows.js';
import { account } from '../operators/dead-letters.js';
import { increases } from '../operators/increases.js';
import { readMetrics } from '../operators/read-metrics.js';
import { trackWatermark } from '../operators/track-watermark.js';
import {
  type CompileRules,
  deadLetter,
  type Produced,
  type Stage,
  type StageFactory,
  topics,
  type Warn,
} from '../stage/stage.js';

const VERSION = 2;

export interface AggregateOptions {
  readonly decoding: () => MetricDecoding;
  readonly compile: CompileRules;
  /** Number of partitions of `partials`. */
  readonly targets: number;
  /** Cap on series of a partition. */
  readonly maxSeries?: number;
  /** Cap on groups of a selection in a partition; what is beyond counts in one overflow group. */
  readonly maxGroups?: number;
  readonly warn?: Warn;
}

/** What a selection holds in this partition. */
export interface GroupsHeld {
  readonly selection: string;
  readonly groups: number;
  /** Samples that counted in the overflow group, since the selection began. */
  readonly overflowSamples: number;
}

/** Everything that *aggregate* remembers of one partition of `metrics`. */
interface AggregateState extends Closing {
  rules: RuleSet;
  readonly watermark: PartitionWatermark;
  selected: readonly Selected[];
  readonly series: SeriesTable;
  readonly account: Account;
}

/** Metrics to partials: sums what one source partition knows, and closes windows by its watermark. */
export class Aggregate implements Stage {
  readonly #state: AggregateState;
  readonly #input = new Subject<Batch>();
  #produced: Produced[] = [];
  /** Selections of which it was said that they overflow. */
  readonly #said = new Set<string>();

  constructor(
    readonly partition: number,
    readonly options: AggregateOptions,
    state: AggregateState,
  ) {
    this.#state = state;
    state.series.jitter = state.rules.jitter;
    const series = (): SeriesTable => state.series;
    this.#input
      .pipe(
        readMetrics(options.decoding(), series, new Block()),
        trackWatermark(() => state.watermark),
        increases(series),
        accumulate(series),
        closeWindows(() => state),
      )
      .subscribe((closed) => this.#collect(closed));
  }

  get rules(): RuleSet {
    return this.#state.rules;
  }

  get watermark(): number {
    return this.#state.watermark.value;
  }

  /** Records by class since the log began. */
  get account(): Account {
    return this.#state.account;
  }

  get seriesCount(): number {
    return this.#state.series.admittedCount;
  }

  get groups(): readonly GroupsHeld[] {
    return this.#state.selected.map(({ selection, groups, overflowSamples }) => ({
      selection: selection.id,
      groups: groups.placed,
      overflowSamples,
    }));
  }

  push(batch: Batch): readonly Produced[] {
    this.#produced = [];
    this.#input.next(batch);
    this.#sayOverflow();
    return this.#produced;
  }

  /** Selections that stay go on; a new one begins at the watermark. */
  takeUp(rules: RuleSet): readonly Produced[] {
    const state = this.#state;
    const before = new Map(state.selected.map((one) => [one.selection.id, one]));
    const from = Math.max(0, state.watermark.value);
    state.selected = rules.selections.map(
      (selection) => before.get(selection.id) ?? new Selected(selection, from, groupOptions(this.options)),
    );
    state.series.reselect(state.selected);
    state.series.jitter = rules.jitter;
    state.rules = rules;
    return [];
  }

  save(): Buffer {
    const { rules, watermark, selected, series, account: totals, lastBatch } = this.#state;
    const to = new StateWriter();
    to.u32(VERSION);
    to.text(rules.file);
    to.text(rules.text);
    watermark.save(to);
    totals.save(to);
    to.optional(lastBatch);
    to.list(selected, (one) => one.save(to));
    series.save(to);
    // Only where there is something to say, so that all other states stay what they were.
    if (totals.refused > 0 || selected.some(({ overflowSamples }) => overflowSamples > 0)) {
      to.f64(totals.refused);
      to.list(selected, ({ overflowSamples }) => to.f64(overflowSamples));
    }
    return to.finish();
  }

  /** Once for each selection. */
  #sayOverflow(): void {
    const { selected, rules } = this.#state;
    for (const { selection, groups, overflowSamples } of selected) {
      if (overflowSamples === 0 || this.#said.has(selection.id)) continue;
      this.#said.add(selection.id);
      const alerts = rules.rules.filter((rule) => rule.selection.id === selection.id);
      this.options.warn?.(
        `${alerts.map(({ alert }) => alert).join(', ')}: partition ${this.partition} of ${topics.metrics} holds ${groups.maxGroups} groups by (${selection.by.join(', ')}), the limit; what belongs to others counts in one group whose labels are ${OVERFLOW_VALUE}: take a label out of \`by\`, or select less with \`match\``,
      );
    }
  }

  #collect({ block, batches }: Closed): void {
    const origin = { topic: topics.metrics, partition: this.partition };
    for (const { target, batch } of batches) {
      const key = String(this.partition);
      this.#produced.push({
        topic: topics.partials,
        partition: target,
        key,
        record: { type: 'PartialBatch', value: batch },
      });
    }
    for (const letter of account(block, this.#state.account, origin)) this.#produced.push(deadLetter(letter));
  }
}

const groupOptions = ({ targets, maxGroups = MAX_GROUPS }: AggregateOptions): GroupOptions => ({
  targets,
  maxGroups,
});

export function aggregateFactory(options: AggregateOptions): StageFactory<Aggregate> {
  const maxSeries = options.maxSeries ?? 1_000_000;
  const groups = groupOptions(options);
  return {
    name: 'aggregate',
    topic: topics.metrics,
    create: (partition, rules) => {
      const selected = rules.selections.map((selection) => new Selected(selection, 0, groups));

      return new Aggregate(partition, options, {
        sourcePartition: partition,
        targets: options.targets,
        rules,
        watermark: new PartitionWatermark(),
        selected,
        series: new SeriesTable(selected, maxSeries),
        account: new Account(),
        lastBatch: null,
      });
    },
    restore: (partition, bytes) => {
      const from = new StateReader(bytes);
      const version = from.u32();
      if (version !== VERSION)
        throw new RangeError(`state has version ${version}, this build reads ${VERSION}`);
      const rules = options.compile(from.text(), from.text());
      const byId = new Map(rules.selections.map((one) => [one.id, one]));
      const watermark = PartitionWatermark.load(from);
      const totals = Account.load(from);
      const lastBatch = from.optional();
      const selected = from.list(() => Selected.load(from, byId, groups));
      const series = SeriesTable.load(from, selected, maxSeries);
      if (!from.done) {
        totals.refused = from.f64();
        const overflow = from.list(() => from.f64());
        for (const [s, one] of selected.entries()) one.overflowSamples = overflow[s] ?? 0;
      }
      return new Aggregate(partition, options, {
        sourcePartition: partition,
        targets: options.targets,
        rules,
        watermark,
        selected,
        series,
        account: totals,
        lastBatch,
      });
    },
  };
}
