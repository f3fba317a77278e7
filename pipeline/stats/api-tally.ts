import { Subject } from 'rxjs';
import { type ApiName, type ApiStats, type ApiSums, statsOf } from '../model/api-stats.js';
import { Block } from '../model/block.js';
import { BucketSums } from '../model/buckets.js';
import type { MetricDecoding, RecordCursor } from '../model/cursor.js';
import { MAX_GROUPS } from '../model/groups.js';
import type { Labels } from '../model/matcher.js';
import { Selected, type WindowSums } from '../model/selected.js';
import { type Selection, type SelectionParts, selectionOf } from '../model/selection.js';
import { SeriesTable } from '../model/series-table.js';
import { PartitionWatermark } from '../model/watermarks.js';
import { windowStart } from '../model/windows.js';
import { accumulate } from '../operators/accumulate.js';
import { increases } from '../operators/increases.js';
import { readMetrics } from '../operators/read-metrics.js';
import { trackWatermark } from '../operators/track-watermark.js';

/** What is told of each API is counted in steps of one of these, ms: time is cut at them. */
const STEPS = [10_000, 60_000, 600_000, 3_600_000] as const;
/** So many steps at most, where one of the above allows it. */
const MOST_STEPS = 360;
const MAX_SERIES = 1_000_000;

export interface Statistics {
  /** From when to when they are, ms since the epoch: as far as there is data of the time that was asked for. */
  readonly from: number;
  readonly to: number;
  /** In order of service, route, method. */
  readonly apis: readonly ApiStats[];
}

interface Part {
  readonly selected: readonly Selected[];
  readonly watermark: PartitionWatermark;
  readonly input: Subject<RecordCursor>;
}

type Sums = { -readonly [K in keyof ApiSums]: ApiSums[K] } & { readonly spread: BucketSums };

/** How a selection's sums go into those of an API. */
type Add = (to: Sums, of: { readonly sums: WindowSums; readonly group: number }) => void;

const by = ['method', 'route', 'service'];
const of = (metric: string, more: Partial<SelectionParts> = {}): SelectionParts => ({
  ...{ metric, match: [], errors: [], by, window: 0, buckets: false, gauge: false },
  // Nothing is ever closed: how late a record comes does not matter to who looks back.
  grace: Number.POSITIVE_INFINITY,
  ...more,
});
const answered = (pattern: string): Pick<SelectionParts, 'errors'> => ({
  errors: [{ label: 'status', operator: '=~', value: pattern }],
});
const duration = 'http_request_duration_seconds';

const counted: readonly (readonly [SelectionParts, Add])[] = [
  [
    of(duration, { ...answered('5..'), buckets: true }),
    (to, { sums, group }) => {
      to.requests += sums.requests[group] ?? 0;
      to.seconds += sums.latencySum[group] ?? 0;
      to.failed += sums.errors[group] ?? 0;
      const grown = sums.buckets.of(group);
      if (grown) to.spread.add(grown.le, grown.counts);
    },
  ],
  [
    of(duration, answered('4..')),
    (to, { sums, group }) => {
      to.refused += sums.errors[group] ?? 0;
    },
  ],
  [
    of('http_request_size_bytes'),
    (to, { sums, group }) => {
      to.requestBodies += sums.requests[group] ?? 0;
      to.requestBytes += sums.latencySum[group] ?? 0;
    },
  ],
  [
    of('http_response_size_bytes'),
    (to, { sums, group }) => {
      to.responseBodies += sums.requests[group] ?? 0;
      to.responseBytes += sums.latencySum[group] ?? 0;
    },
  ],
];

export interface TallyOptions {
  readonly decoding: () => MetricDecoding;
  /** From when it counts, ms since the epoch; what comes before says from where counters grew. */
  readonly since: number;
  /** Until when that may be, ms since the epoch. */
  readonly now: number;
}

/** Metrics to statistics of APIs, by the operators of *aggregate*: what alerts are judged by is what is told. */
export class ApiTally {
  readonly #parts = new Map<number, Part>();
  readonly #selections: readonly Selection[];
  readonly #step: number;
  readonly #since: number;

  constructor(readonly options: TallyOptions) {
    const period = options.now - options.since;
    this.#step = STEPS.find((step) => period / step <= MOST_STEPS) ?? 3_600_000;
    this.#since = windowStart(options.since, this.#step);
    const shape = { every: this.#step, session: null };
    this.#selections = counted.map(([parts]) => selectionOf({ ...parts, window: this.#step }, shape));
  }

  /** Takes the next batch of a partition of `metrics`. */
  push(partition: number, batch: RecordCursor): void {
    this.#part(partition).input.next(batch);
  }

  statistics(): Statistics {
    const all = new Map<string, { readonly name: ApiName; readonly sums: Sums }>();
    let from = Number.POSITIVE_INFINITY;
    let to = this.#since;
    for (const { selected, watermark } of this.#parts.values()) {
      to = Math.max(to, watermark.value);
      for (const [i, { windows, groups }] of selected.entries())
        for (const sums of windows.values())
          for (const group of sums.groups) {
            const { text, labels } = groups.get(group);
            if (sums.covered[group] === 1) from = Math.min(from, sums.start);
            const one = all.get(text) ?? { name: nameOf(labels), sums: nothing() };
            all.set(text, one);
            counted[i]?.[1](one.sums, { sums, group });
          }
    }
    from = Math.min(from, to);
    const apis = [...all.values()]
      .filter(({ sums }) => sums.requests > 0)
      .map(({ name, sums }) => statsOf(name, { ...sums, buckets: sums.spread.total() }, to - from));
    return { from, to, apis: apis.sort(byName) };
  }

  #part(partition: number): Part {
    const part = this.#parts.get(partition) ?? this.#begin();
    this.#parts.set(partition, part);
    return part;
  }

  #begin(): Part {
    const groups = { targets: 1, maxGroups: MAX_GROUPS };
    const selected = this.#selections.map((one) => new Selected(one, this.#since, groups));
    const table = new SeriesTable(selected, MAX_SERIES);
    const watermark = new PartitionWatermark();
    const input = new Subject<RecordCursor>();
    const series = (): SeriesTable => table;
    input
      .pipe(
        readMetrics(this.options.decoding(), series, new Block()),
        trackWatermark(() => watermark),
        increases(series),
        accumulate(series),
      )
      .subscribe();
    return { selected, watermark, input };
  }
}

const nothing = (): Sums => ({
  ...{ requests: 0, seconds: 0, refused: 0, failed: 0, buckets: null, spread: new BucketSums() },
  ...{ requestBodies: 0, requestBytes: 0, responseBodies: 0, responseBytes: 0 },
});

const nameOf = ({ service = '', method = '', route = '' }: Labels): ApiName => ({ service, method, route });

const byName = (a: ApiName, b: ApiName): number =>
  compare(a.service, b.service) || compare(a.route, b.route) || compare(a.method, b.method);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
