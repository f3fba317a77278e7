import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Feed, FLAPPING_RULES } from './feed.js';
import { type LatencyResult, measureLatency } from './latency.js';
import { type ClusterOptions, openKafka, refuseUsed } from './logs.js';
import { Spawned } from './spawned.js';
import { measureTakeOver, type TakeOverResult } from './take-over.js';
import { withFolder } from './temporary.js';

export interface ClusterResult {
  readonly latency: LatencyResult;
  readonly takeOver: TakeOverResult;
}

/** `tidemark pipeline` as processes of their own over Kafka; source and reader are in this one. */
export function measureCluster({ brokers, registry }: ClusterOptions): Promise<ClusterResult> {
  return withFolder(async (folder) => {
    const { log, codec, close } = await openKafka({ brokers, registry });
    try {
      await refuseUsed(log);
      const sla = join(folder, 'sla.yaml');
      writeFileSync(sla, FLAPPING_RULES);
      const start = async (): Promise<Spawned> => {
        const args = ['pipeline', '--sla', sla, '--admin-port', '0', '--checkpoint-every', '5m'];
        const one = new Spawned(args, { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry });
        await one.listening();
        return one;
      };
      const feed = new Feed(log, codec);
      await using first = await start();
      const latency = await measureLatency(feed, codec);
      const takeOver = await measureTakeOver({ feed, codec, start, first });
      return { latency, takeOver };
    } finally {
      await close();
    }
  });
}
