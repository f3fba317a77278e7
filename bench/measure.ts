import { topics } from '../pipeline/stage/stage.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import type { Group } from './args.js';
import type { EngineOptions } from './engine-alone.js';
import { measureGateway } from './gateway.js';
import type { ClusterOptions } from './logs.js';
import type { Outcome } from './outputs.js';
import type { OverLogResult } from './over-log.js';
import { buildPeers, engines, type PeerResult, runPeer } from './peers.js';
import { type Phases, runPhase } from './phase.js';
import { type Report, type Row, type WarmAndCold, warmAndCold } from './report.js';
import { apart, NONE_ALERTS, QUANTILE_RULES, RULES, SOME_ALERT, sharing } from './rules.js';
import { checkSameJob } from './same-job.js';
import { measureStart } from './start.js';
import { withFolder } from './temporary.js';
import { SERIES, Workload } from './workload.js';

const CARDINALITIES = [1_000, 100_000, 1_000_000];
/** Scrapes of all series that are counted there, at least. */
const COUNTED_SCRAPES = 4;
const SHARING = [1, 10, 100];
const SELECTIONS = [1, 2, 4];
/** What the names of its topics begin with. */
const BACKLOG = 'backlog';

export interface MeasureOptions {
  readonly only: readonly Group[];
  readonly records: number;
  /** Null without. */
  readonly cluster: ClusterOptions | null;
  /** File for the CPU profile of what is called so; null for none. */
  readonly profileOf: (name: string) => string | null;
  readonly say: (what: string) => void;
}

export type Measured = Omit<Report, 'machine' | 'records'>;

/** Everything that was asked for, one after the other. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { only, cluster, say } = options;
  const phases = new PhaseRunner(options);
  const has = (group: Group): boolean => only.includes(group);
  if (has('peers')) say('building the programs for other engines');
  if (has('peers')) await buildPeers();
  if (has('start')) say('starting');
  const start = has('start') ? await measureStart() : null;
  // Records are held against it; a gateway reads none.
  if (only.some((group) => group !== 'gateway')) await phases.avsc();
  if (has('engine')) await phases.engineAlone();
  if (has('quantiles')) await phases.quantiles();
  if (has('cardinality')) for (const series of CARDINALITIES) await phases.cardinality(series);
  if (has('rules')) await phases.rules();
  const log = has('log') ? await phases.overLog() : null;
  if (has('latency')) say('from a watermark to an alert');
  const latency = has('latency')
    ? await withFolder((path) => phases.run('latency', { path }, 'latency'))
    : null;
  if (has('visible')) say('from a watermark to an alert in the page');
  const visible = has('visible')
    ? await withFolder((path) => phases.run('visible', { path }, 'visible'))
    : null;
  if (has('gateway')) say('gateways side by side');
  const gateway = has('gateway') ? await measureGateway() : null;
  const kafka = has('kafka') && cluster ? await phases.overKafka(cluster) : null;
  const peers = has('peers') && cluster ? await phases.peers(cluster) : [];
  return {
    start,
    throughput: phases.rows,
    log,
    latency,
    visible,
    gateway,
    kafka,
    backlog: phases.backlog,
    peers,
  };
}

class PhaseRunner {
  readonly rows: Row[] = [];
  /** What came out of the engine alone, by its rules, to hold others against. */
  readonly #outcomes = new Map<string, Outcome>();

  /** Over Kafka. */
  backlog: OverLogResult | null = null;

  constructor(readonly options: MeasureOptions) {}

  run<Name extends keyof Phases>(
    phase: Name,
    options: Phases[Name]['options'],
    name: string,
  ): Promise<Phases[Name]['result']> {
    return runPhase(phase, options, this.options.profileOf(name));
  }

  async avsc(): Promise<void> {
    this.options.say('avsc alone');
    const counted = await this.run('avsc', this.#workload({}), 'avsc');
    this.rows.push({ name: 'avsc alone: decodes the values, nothing else', ...counted });
  }

  async engineAlone(): Promise<void> {
    await this.#alone('engine alone, series in the same order', {});
    await this.#alone('engine alone, series shuffled', { order: 'shuffled' });
  }

  quantiles(): Promise<void> {
    return this.#alone('engine alone, with a quantile', { sla: QUANTILE_RULES });
  }

  cardinality(series: number): Promise<void> {
    const records = Math.max(this.options.records / 2, (COUNTED_SCRAPES + 1) * series);
    return this.#alone(`engine alone, ${series.toLocaleString('en-US')} series`, { series, records });
  }

  async rules(): Promise<void> {
    const of = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
    for (const count of SHARING)
      await this.#alone(`engine alone, ${of(count, 'rule')} on one selection`, {
        sla: sharing(count, SOME_ALERT),
      });
    const most = Math.max(...SHARING);
    await this.#alone(`engine alone, ${most} rules of which none alerts`, {
      sla: sharing(most, NONE_ALERTS),
    });
    const records = this.options.records / 2;
    for (const count of SELECTIONS)
      await this.#alone(`engine alone, ${of(count, 'selection')}`, { records, sla: apart(count) });
  }

  async overLog(): Promise<Report['log']> {
    this.options.say('engine over the embedded log');
    return withFolder(async (path) => {
      const options = { ...this.#workload({}), path };
      await this.run('fill', options, 'fill the embedded log');
      const result = await this.run('log', options, 'over the embedded log');
      await this.#checkSame('over the embedded log', RULES, result);
      this.#overLogRows('the embedded log', result);
      return result;
    });
  }

  async overKafka(cluster: ClusterOptions): Promise<Report['kafka']> {
    this.options.say('over Kafka');
    const { latency, takeOver } = await this.run('cluster', cluster, 'kafka');
    await this.#rulesOverKafka(cluster);
    const { warm } = await this.#backlog(cluster, 'quantiles', QUANTILE_RULES);
    this.rows.push({ ...warm, name: 'engine over Kafka, with a quantile' });
    return { latency, takeOver };
  }

  /** Over the records of the backlog, so that only who reads them differs. */
  async peers(cluster: ClusterOptions): Promise<readonly PeerResult[]> {
    await this.#rulesOverKafka(cluster);
    const { records, lastWindow } = new Workload(embeddedCodec(), this.#workload({}));
    const topic = `${BACKLOG}-${topics.metrics}`;
    const results: PeerResult[] = [];
    for (const [i, peer] of engines.entries()) {
      this.options.say(peer.name);
      const prefix = `peer-${i}`;
      results.push(await runPeer(peer, { ...cluster, topic, records, prefix, lastWindow }));
      await checkSameJob(cluster, { ours: BACKLOG, peers: prefix });
    }
    return results;
  }

  /** Once: who comes next reads what is there. */
  async #rulesOverKafka(cluster: ClusterOptions): Promise<OverLogResult> {
    if (this.backlog !== null) return this.backlog;
    this.backlog = await this.#backlog(cluster, BACKLOG, RULES);
    this.#overLogRows('Kafka', this.backlog);
    return this.backlog;
  }

  async #backlog(cluster: ClusterOptions, prefix: string, sla: string): Promise<OverLogResult> {
    this.options.say(`engine over Kafka, ${prefix}`);
    const options = { ...this.#workload({ sla }), ...cluster, prefix };
    await this.run('clusterFill', options, `fill Kafka ${prefix}`);
    const result = await this.run('clusterLog', options, `over Kafka ${prefix}`);
    await this.#checkSame('over Kafka', sla, result);
    return result;
  }

  #workload(more: Partial<EngineOptions>): EngineOptions {
    return { seed: 1, order: 'fixed', records: this.options.records, series: SERIES, sla: RULES, ...more };
  }

  async #alone(name: string, more: Partial<EngineOptions>): Promise<void> {
    this.options.say(name);
    const options = this.#workload(more);
    const { records, cpu, wall, gc, rss, ...outcome } = await this.run('engine', options, name);
    // Shuffled series are other series: another workload, with alerts of its own.
    if (options.order === 'fixed' && options.series === SERIES && options.records === this.options.records)
      this.#outcomes.set(options.sla, outcome);
    this.rows.push({ name, records, cpu, wall, gc, rss });
  }

  #overLogRows(where: string, costs: WarmAndCold): void {
    this.rows.push(...warmAndCold(`engine over ${where}, same order`, `engine over ${where}`, costs));
  }

  /** What comes out over a log is what the engine gives alone. */
  async #checkSame(where: string, sla: string, one: Outcome): Promise<void> {
    if (!this.#outcomes.has(sla)) {
      this.options.say('engine alone, to compare with');
      this.#outcomes.set(sla, await this.run('engine', this.#workload({ sla }), 'to compare with'));
    }
    const engine = this.#outcomes.get(sla);
    for (const what of ['windows', 'alerts', 'digest'] as const) {
      if (one[what] !== engine?.[what])
        throw new Error(`${what}: ${one[what]} ${where}, ${engine?.[what]} from the engine alone`);
    }
  }
}
