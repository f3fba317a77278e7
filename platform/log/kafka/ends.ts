import type { Kafka } from 'kafkajs';
import { LogError, type Offset } from '../event-log.js';
import { clusterOf, isolation } from './client.js';
import type { Cluster } from './cluster.js';
import { typeOf } from './errors.js';

/**
 * Where partitions begin and end. The client's own way of asking takes an open transaction of anybody for
 * the end; here the end is behind it, where the next record goes.
 */
export class Ends {
  #cluster: Promise<Cluster> | null = null;

  constructor(readonly kafka: Kafka) {}

  async of(topic: string, partition: number): Promise<{ readonly start: Offset; readonly end: Offset }> {
    const connected = this.#connected();
    const cluster = await connected;
    try {
      await cluster.addTargetTopic(topic);
      await cluster.refreshMetadataIfNecessary();
      const ask = async (fromBeginning: boolean): Promise<Offset> => {
        const [found] = await cluster.fetchTopicsOffset([
          { topic, fromBeginning, partitions: [{ partition }] },
        ]);
        const offset = found?.partitions[0]?.offset;
        // No answer is no 0: whoever compares a position with it would begin anew.
        if (offset === undefined)
          throw new LogError('Unavailable', `no broker says where ${topic}/${partition} begins and ends`, {
            retryable: true,
          });
        return Number(offset);
      };
      const [end, start] = [await ask(false), await ask(true)];
      return { start, end };
    } catch (error) {
      // The leader may have moved, or the connection be broken: the next one asks afresh.
      if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') {
        // Its own, also where another has closed it before: asked once more, it has connected again.
        if (this.#cluster === connected) this.#cluster = null;
        await cluster.disconnect();
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = null;
    await (await cluster?.catch(() => null))?.disconnect();
  }

  #connected(): Promise<Cluster> {
    this.#cluster ??= this.#connect().catch((error: unknown) => {
      this.#cluster = null;
      throw error;
    });
    return this.#cluster;
  }

  async #connect(): Promise<Cluster> {
    const cluster = clusterOf(this.kafka, isolation.uncommitted);
    await cluster.connect();
    return cluster;
  }
}
