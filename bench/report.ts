import type { ClusterResult } from './cluster.js';
import type { Machine } from './compare.js';
import type { Counted } from './cost.js';
import { WARM_UP } from './engine-alone.js';
import type { GatewayResult } from './gateway.js';
import type { LatencyResult } from './latency.js';
import type { OverLogResult } from './over-log.js';
import type { PeerResult } from './peers.js';
import { formatGateways } from './report-gateway.js';
import type { StartResult } from './start.js';
import { formatTable, grouped, megabytes, milliseconds, seconds } from './table.js';
import type { VisibleResult } from './visible.js';
import { GROUPS, PARTITIONS, SCRAPE_EVERY, SERIES } from './workload.js';

/** One throughput phase. */
export interface Row extends Counted {
  readonly name: string;
  /** By how much the resident set grew, without garbage, bytes; where that was measured. */
  readonly rss?: number;
}

export interface WarmAndCold {
  readonly warm: Counted;
  readonly cold: Counted;
}

export const warmAndCold = (name: string, cold: string, costs: WarmAndCold): readonly Row[] => [
  { ...costs.warm, name },
  { ...costs.cold, name: `${cold}, from a cold process` },
];

/** What was not measured is null. */
export interface Report {
  readonly machine: Machine;
  readonly records: number;
  readonly start: StartResult | null;
  /** The first one is avsc alone. */
  readonly throughput: readonly Row[];
  readonly log: OverLogResult | null;
  readonly latency: LatencyResult | null;
  readonly visible: VisibleResult | null;
  readonly gateway: GatewayResult | null;
  readonly kafka: ClusterResult | null;
  /** Over Kafka. */
  readonly backlog: OverLogResult | null;
  readonly peers: readonly PeerResult[];
}

export function formatReport(report: Report): string {
  const { machine, start } = report;
  const parts = [
    `Node ${machine.node}, ${machine.cpus} CPUs: ${machine.cpu}`,
    start && formatStart(start),
    report.throughput.length > 0 &&
      `${grouped(SERIES)} series with 10 buckets, ${GROUPS} groups, ${PARTITIONS} partitions, scraped every ${SCRAPE_EVERY / 1000} s, unless said otherwise`,
    report.throughput.length > 0 &&
      `${formatThroughput([...report.throughput, ...ofPeers(report)])}\nthe first ${WARM_UP * 100}% of the records, and each series' first, are not counted but in the lines of a cold process`,
    overLog(report),
    times(report),
    report.visible && formatVisible(report.visible),
    report.gateway && formatGateways(report.gateway),
  ];
  return parts.filter((part) => part).join('\n\n');
}

/** Apart from ours: another engine that is slower than it was is no loss. */
const ofPeers = ({ peers }: Report): readonly Row[] =>
  peers.flatMap((one) => warmAndCold(one.name, one.name, one));

const formatStart = (start: StartResult): string =>
  formatTable([
    ['tidemark up: spawn to first 200 of /healthz', seconds(start.healthz)],
    ['tidemark up: spawn to first 200 of /api/v1/alerts', seconds(start.alerts)],
    ['tidemark up: resident after two scrapes', megabytes(start.idleRss)],
  ]);

/** CPU time against that of the first row; time for garbage as a share of the wall time. */
export function formatThroughput(rows: readonly Row[]): string {
  const perCpu = ({ records, cpu }: Counted): number => records / cpu;
  const reference = rows[0] ? perCpu(rows[0]) : Number.NaN;
  return formatTable([
    ['records per second of', 'CPU', 'wall', 'CPU, against avsc', 'in GC', 'RSS above idle'],
    ...rows.map((one) => [
      one.name,
      grouped(perCpu(one)),
      grouped(one.records / one.wall),
      `${(perCpu(one) / reference).toFixed(2)}x`,
      `${((100 * one.gc) / one.wall).toFixed(1)}%`,
      one.rss === undefined ? '' : megabytes(one.rss),
    ]),
  ]);
}

function overLog({ log, backlog, peers }: Report): string {
  const lines: string[] = [];
  if (log) {
    lines.push(
      `over the log: peak RSS ${megabytes(log.peakRss)} with mapped pages of the log, own memory at the end ${megabytes(log.ownRss)}`,
      `over the log: ${grouped(log.windows)} windows, ${grouped(log.alerts)} alert records: the same bytes as engine alone`,
      `over the log: first window after ${seconds(log.firstOutput)}`,
    );
  }
  if (backlog) {
    const { windows, alerts, peakRss, firstOutput } = backlog;
    lines.push(
      `over Kafka: ${grouped(windows)} windows, ${grouped(alerts)} alert records: the same bytes; peak RSS ${megabytes(peakRss)}, first window after ${seconds(firstOutput)}`,
    );
  }
  for (const { name, windows, alerts, peakRss, firstOutput } of peers)
    lines.push(
      `${name}: ${grouped(windows)} windows, ${grouped(alerts)} alert records: the same, number for number; peak RSS ${megabytes(peakRss)}, first window after ${seconds(firstOutput)}`,
    );
  return lines.join('\n');
}

const formatVisible = ({ sees, p50, p99, alerts }: VisibleResult): string =>
  formatTable([
    ['closing watermark appended to alert visible', 'p50', 'p99', 'alerts'],
    [sees, milliseconds(p50), milliseconds(p99), grouped(alerts)],
  ]);

function times({ latency, kafka }: Report): string {
  const timed = (name: string, one: LatencyResult): string[] => [
    name,
    milliseconds(one.p50),
    milliseconds(one.p99),
    grouped(one.alerts),
  ];
  const rows = [
    ...(latency ? [timed('embedded log', latency)] : []),
    ...(kafka ? [timed('Kafka', kafka.latency)] : []),
  ];
  if (rows.length === 0) return '';
  const takeOver = kafka
    ? `kill -9 of a pipeline to the first window of its survivor: median ${seconds(kafka.takeOver.median)}, greatest ${seconds(kafka.takeOver.greatest)}`
    : 'not measured over Kafka';
  return `${formatTable([['closing watermark appended to alert readable', 'p50', 'p99', 'alerts'], ...rows])}\n${takeOver}`;
}
