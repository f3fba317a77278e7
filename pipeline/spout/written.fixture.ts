import { EPOCH, type Simulation } from '../../test/simulation.js';

export interface Read {
  readonly partition: number;
  readonly key: string;
  readonly type: string;
  readonly timestamp: number;
  readonly startTimestamp?: number | null;
  readonly name?: string;
  /** Of a metric record: cumulative or gauge. */
  readonly kind?: string;
  readonly count?: number;
  readonly sum?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What the spouts wrote, partition by partition. */
export async function written(simulation: Simulation): Promise<Read[]> {
  const all: Read[] = [];
  for await (const { partition, key, value } of simulation.records()) {
    const { type, value: record } = simulation.codec.decode(value);
    const kind = type === 'MetricRecord' ? { kind: record.type } : {};
    all.push({
      ...(record as unknown as Omit<Read, 'partition' | 'key' | 'type'>),
      ...kind,
      partition,
      key,
      type,
    });
  }
  return all;
}

/** Their watermarks, from the beginning of simulated time, ms. */
export const watermarks = async (simulation: Simulation, partition = 0): Promise<number[]> =>
  (await written(simulation))
    .filter((one) => one.type === 'Watermark' && one.partition === partition)
    .map(({ timestamp }) => timestamp - EPOCH);
