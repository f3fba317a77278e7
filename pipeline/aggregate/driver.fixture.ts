import type { DeadLetter, Partial, PartialBatch } from '../../schemas/types.js';
import { classes } from '../model/block.js';
import type { RuleSet } from '../model/rule.js';
import { seriesText } from '../model/text.js';
import { recompile } from '../sla/compile.js';
import { codec, decoded } from '../stage/decoded.fixture.js';
import { metricDecoding } from '../stage/decoding.js';
import { StageDriver } from '../stage/driver.js';
import { type Aggregate, aggregateFactory } from './aggregate.js';

export { codec } from '../stage/decoded.fixture.js';
export const metric = 'http_request_duration_seconds';
/** All times of rows are relative to this, ms. */
export const T = 1_700_000_000_000;
export const minute = 60_000;
export const rules = (text: string): RuleSet => recompile('sla.yaml', `version: 1\nslas:\n${text}`);
export const plain = rules(
  `  - { alert: A, by: [route], window: 10s, when: mean_latency > 1s, match: '{route!="/none"}' }\n`,
);

export interface Mark {
  readonly w: number;
  readonly source?: string;
  readonly partitions?: number;
}

export interface Sample {
  readonly type?: 'cumulative' | 'gauge';
  readonly t: number;
  readonly count: number;
  readonly sum?: number;
  readonly start?: number;
  /** Bound and cumulative count. */
  readonly buckets?: readonly (readonly [le: number, count: number])[];
  readonly name?: string;
  readonly route?: string;
  readonly status?: string;
  /** Instead of route and status. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Instead of the series text. */
  readonly key?: string;
}

export type Row = Mark | Sample | { readonly bytes: Buffer };

export interface Pushed {
  readonly stage: Stage;
  readonly batches: readonly PartialBatch[];
  readonly letters: readonly DeadLetter[];
  readonly windows: readonly (readonly unknown[])[];
  readonly counted: Readonly<Record<string, number>>;
}

/** Pushes rows through the stage as one batch; returns what came of them, and the account so far. */
export function push(rows: readonly Row[], { stage = create() }: { stage?: Stage } = {}): Pushed {
  for (const row of rows) stage.append(record(row));
  const { batches, letters } = decoded(stage.run());
  return {
    stage,
    batches,
    letters,
    windows: batches.flatMap(({ partials }) => partials.map(sums)),
    counted: counted(stage),
  };
}

/** The real stage. */
export type Stage = StageDriver<Aggregate>;

export const create = (rules = plain, maxSeries = 1000, targets = 1): Stage =>
  new StageDriver({
    factory: aggregateFactory({
      decoding: () => metricDecoding(codec),
      compile: recompile,
      targets,
      maxSeries,
    }),
    partition: 0,
    rules,
    checkpointEvery: Number.POSITIVE_INFINITY,
  });

/** The stage as a checkpoint gives it back. */
export function restored(stage: Stage): Stage {
  stage.checkpoint();
  stage.crash();
  return stage;
}

function record(row: Row): { key: Buffer | null; value: Buffer } {
  if ('bytes' in row) return { key: Buffer.from('x{}'), value: row.bytes };
  if ('w' in row) {
    const { w, source = 's', partitions = 1 } = row;
    return { key: null, value: codec.encode('Watermark', { timestamp: T + w, source, partitions }) };
  }
  const { t, count, sum = count / 10, start, name = metric, route = '/a', status = '200' } = row;
  const { labels = { route, status } } = row;
  const value = codec.encode('MetricRecord', {
    timestamp: T + t,
    startTimestamp: start === undefined ? null : T + start,
    count,
    sum,
    buckets: (row.buckets ?? []).map(([le, count]) => ({ le, count })),
    name,
    labels,
    type: row.type ?? 'cumulative',
  });
  return { key: Buffer.from(row.key ?? seriesText(name, labels)), value };
}

/** Start after T, requests, latency, errors, samples, covered. */
export const sums = ({
  start,
  requests,
  latencySum,
  errors,
  samples,
  covered,
}: Partial): readonly unknown[] => [start - T, requests, latencySum, errors, samples, covered];

export const counted = ({ stage: { account } }: Stage): Record<string, number> =>
  Object.fromEntries(classes.flatMap((one, i) => (account.totals[i] ? [[one, account.totals[i] ?? 0]] : [])));
