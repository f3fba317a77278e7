import type { ClusterResult } from './cluster.js';
import type { Counted } from './cost.js';
import { type EngineResult, WARM_UP } from './engine-alone.js';
import type { LatencyResult } from './latency.js';
import type { OverLogResult } from './over-log.js';
import type { StartResult } from './start.js';
import { formatTable, grouped, megabytes, milliseconds, seconds } from './table.js';
import { GROUPS, PARTITIONS, SCRAPE_EVERY, SERIES } from './workload.js';

export interface Report {
  readonly node: string;
  readonly cpus: number;
  readonly records: number;
  readonly start: StartResult;
  readonly engine: { readonly fixed: EngineResult; readonly shuffled: EngineResult };
  readonly log: OverLogResult;
  readonly latency: LatencyResult;
  /** Null where no broker was named. */
  readonly cluster: (ClusterResult & { readonly backlog: OverLogResult }) | null;
}

const perCpu = ({ records, cpu }: Counted): number => records / cpu;
const perWall = ({ records, wall }: Counted): number => records / wall;

const timed = (name: string, { p50, p99, alerts }: LatencyResult): string[] => [
  name,
  milliseconds(p50),
  milliseconds(p99),
  grouped(alerts),
];

export function formatReport({ node, cpus, records, start, engine, log, latency, cluster }: Report): string {
  const { fixed, shuffled } = engine;
  const reference = perCpu(fixed.avsc);
  const row = (name: string, one: Counted): string[] => [
    name,
    grouped(perCpu(one)),
    grouped(perWall(one)),
    `${(perCpu(one) / reference).toFixed(2)}x`,
  ];
  return [
    `Node ${node}, ${cpus} CPUs`,
    '',
    formatTable([
      ['tidemark up: spawn to first 200 of /healthz', seconds(start.healthz)],
      ['tidemark up: spawn to first 200 of /api/v1/alerts', seconds(start.alerts)],
      ['tidemark up: resident after two scrapes', megabytes(start.idleRss)],
    ]),
    '',
    `${grouped(records)} records of ${grouped(SERIES)} series with 10 buckets, ${GROUPS} groups, ${PARTITIONS} partitions,`,
    `scraped every ${SCRAPE_EVERY / 1000} s; ${fixed.bytesPerRecord.toFixed(0)} bytes a record with key and frame`,
    '',
    formatTable([
      ['records per second of', 'CPU', 'wall', 'CPU, against avsc'],
      row('avsc alone: decodes the values, nothing else', fixed.avsc),
      row('engine alone, series in the same order', fixed),
      row('engine alone, series shuffled', shuffled),
      row('engine over the embedded log, same order', log.warm),
      row('engine over the embedded log, from a cold process', log.cold),
      ...(cluster
        ? [
            row('engine over Kafka, same order', cluster.backlog.warm),
            row('engine over Kafka, from a cold process', cluster.backlog.cold),
          ]
        : []),
    ]),
    '',
    `the first ${WARM_UP * 100}% of the records are warm-up, and not counted but in the lines of a cold process`,
    `over the log: peak RSS ${megabytes(log.peakRss)} with mapped pages of the log, own memory at the end ${megabytes(log.ownRss)}`,
    `over the log: ${grouped(log.windows)} windows, ${grouped(log.alerts)} alert records: the same bytes as engine alone`,
    `over the log: first window after ${seconds(log.firstOutput)}`,
    ...(cluster
      ? [
          `over Kafka: the same; peak RSS ${megabytes(cluster.backlog.peakRss)}, first window after ${seconds(cluster.backlog.firstOutput)}`,
        ]
      : []),
    '',
    formatTable([
      ['closing watermark appended to alert readable', 'p50', 'p99', 'alerts'],
      timed('embedded log', latency),
      ...(cluster ? [timed('Kafka', cluster.latency)] : []),
    ]),
    cluster
      ? `kill -9 of a pipeline to the first window of its survivor: median ${seconds(cluster.takeOver.median)}, greatest ${seconds(cluster.takeOver.greatest)}`
      : 'KAFKA_BROKERS is not set: not measured over Kafka',
  ].join('\n');
}
