import type { AlertRecord, PartialBatch } from '../../schemas/types.js';
import type { RuleSet } from '../model/rule.js';
import { recompile } from '../sla/compile.js';
import { expandTemplate } from '../sla/templates.js';
import { codec, decoded, type Outputs } from '../stage/decoded.fixture.js';
import { readPartialBatch } from '../stage/decoding.js';
import { StageDriver } from '../stage/driver.js';
import { type Evaluate, type EvaluateOptions, evaluateFactory } from './evaluate.js';

export type { Outputs } from '../stage/decoded.fixture.js';

/** All times of specs are relative to this, ms; a multiple of every window in use. */
export const T = 1_700_000_000_000;

/** One rule a line, in YAML's flow style; by [route], window 10s unless it says otherwise. */
export const rules = (...lines: readonly string[]): RuleSet =>
  recompile(
    'sla.yaml',
    `version: 1\ndefaults: { by: [route], window: 10s }\nslas:\n${lines.map((line) => `  - { ${line} }\n`).join('')}`,
  );

/** A partial. Samples and cover follow from there being a row, unless it says otherwise. */
export interface Row {
  readonly route?: string;
  readonly group?: Readonly<Record<string, string>>;
  /** Id; the first selection of the rules unless it says otherwise. */
  readonly selection?: string;
  readonly start: number;
  readonly requests: number;
  readonly latencySum?: number;
  readonly errors?: number;
  readonly buckets?: PartialBatch['partials'][number]['buckets'];
  readonly samples?: number;
  readonly covered?: boolean;
  readonly max?: number | null;
}

/** A batch. Its chain and the selections it lists follow from what was pushed before, unless it says otherwise. */
export interface Spec {
  readonly w: number;
  readonly source?: number;
  readonly sources?: number;
  readonly previous?: number | null;
  readonly part?: number;
  readonly last?: boolean;
  /** `from` by selection id, ms since the epoch. */
  readonly selections?: Readonly<Record<string, number>>;
  readonly rows?: readonly Row[];
}

/** The real stage, fed with encoded batches; what comes out has been encoded, too. */
export class Driver {
  readonly warnings: string[] = [];
  readonly #chain = new Map<number, number>();
  readonly #driver: StageDriver<Evaluate>;

  constructor(rules: RuleSet, more: Pick<EvaluateOptions, 'observe'> = {}) {
    const factory = evaluateFactory({
      read: readPartialBatch(codec),
      compile: recompile,
      expand: expandTemplate,
      warn: (message) => this.warnings.push(message),
      ...more,
    });
    this.#driver = new StageDriver({
      factory,
      partition: 0,
      rules,
      checkpointEvery: Number.POSITIVE_INFINITY,
    });
  }

  get stage(): Evaluate {
    return this.#driver.stage;
  }

  get watermark(): number {
    return this.#driver.stage.watermark - T;
  }

  /** Size of a checkpoint, bytes. */
  get stateSize(): number {
    return this.#driver.stage.save().length;
  }

  /** Pushes the batches together. */
  push(...specs: readonly Spec[]): Outputs {
    return this.pushValues(...specs.map((spec) => codec.encode('PartialBatch', this.#batch(spec))));
  }

  pushValues(...values: readonly Uint8Array[]): Outputs {
    for (const value of values) this.#driver.append({ key: null, value });
    return decoded(this.#driver.run());
  }

  takeUp(rules: RuleSet): Outputs {
    return decoded(this.#driver.takeUp(rules));
  }

  /** Goes on with what a checkpoint holds. */
  crash(): void {
    this.#driver.checkpoint();
    this.#driver.crash();
  }

  #batch(spec: Spec): PartialBatch {
    const { w, source = 0, sources = 1, part = 0, last = true, rows = [] } = spec;
    const known = this.#driver.stage.rules.selections.map(({ id }) => [id, 0] as const);
    const previous = spec.previous === undefined ? this.#chain.get(source) : spec.previous;
    if (last) this.#chain.set(source, w);
    return {
      sourcePartition: source,
      sourcePartitions: sources,
      previousWatermark: previous === undefined || previous === null ? null : T + previous,
      watermark: T + w,
      part,
      last,
      selections: Object.entries(spec.selections ?? Object.fromEntries(known)).map(([id, from]) => ({
        id,
        from,
      })),
      partials: rows.map(({ route = '/a', group = { route }, ...row }) => ({
        selection: row.selection ?? this.#driver.stage.rules.selections[0]?.id ?? '',
        group,
        start: T + row.start,
        requests: row.requests,
        latencySum: row.latencySum ?? row.requests,
        errors: row.errors ?? 0,
        buckets: row.buckets ?? null,
        samples: row.samples ?? 1,
        covered: row.covered ?? true,
        max: row.max ?? null,
      })),
    };
  }
}

/** All that comes out, the same whether the batches are pushed together or the stage is restored before each, or it throws. */
export function outputsOf(set: RuleSet, specs: readonly Spec[]): Pick<Outputs, 'windows' | 'alerts'> {
  const { windows, alerts } = new Driver(set).push(...specs);
  const restored = new Driver(set);
  const again = specs.map((spec) => {
    restored.crash();
    return restored.push(spec);
  });
  const all = [again.flatMap((one) => one.windows), again.flatMap((one) => one.alerts)];
  if (JSON.stringify(all) !== JSON.stringify([windows, alerts]))
    throw new Error('a restored stage judges otherwise');
  return { windows, alerts };
}

/** A window of the group {route="/a"}: the row without its start; null for no data. */
export type Slot = Omit<Row, 'start'> | null;

/**
 * Alerts over windows of 10 s in a row, from T on, each closed by a batch of its own; the same however
 * the batches are pushed and whenever the stage is restored, or it throws.
 */
export function alertsOf(set: RuleSet, slots: readonly Slot[]): readonly AlertRecord[] {
  const specs = slots.map((slot, i) => ({
    w: (i + 1) * 10_000,
    rows: slot === null ? [] : [{ ...slot, start: i * 10_000 }],
  }));
  const alerts = new Driver(set).push(...specs).alerts;
  const restored = new Driver(set);
  const again = specs.flatMap((spec) => {
    restored.crash();
    return restored.push(spec).alerts;
  });
  if (JSON.stringify(again) !== JSON.stringify(alerts)) throw new Error('a restored stage judges otherwise');
  return alerts;
}

/** End of the deciding window in s after T, state, reason. */
export const brief = ({ windowEnd, state, reason }: AlertRecord): unknown[] => [
  (windowEnd - T) / 1000,
  state,
  reason,
];
