import type { Environment } from '../../lmdb/environment.js';
import { LogError, type PartitionWriter } from '../event-log.js';
import type { Partition } from './partition.js';
import type { Wakers } from './wakers.js';

export interface WriterOptions {
  readonly environment: Environment;
  readonly name: string;
  readonly at: Partition;
  readonly clock: () => number;
  readonly wakers: Wakers;
}

/** Takes the name over in the partition: its epoch stands in the environment, and each append looks at it. */
export async function openWriter(options: WriterOptions): Promise<PartitionWriter> {
  const { environment, name, at, clock, wakers } = options;
  const { db } = environment;
  const { topic, partition } = at;
  const key = ['w', name, topic, partition];
  const current = (): number => Number(db.get(key)?.toString() ?? 0);
  const epoch = await environment.write(() => {
    const next = current() + 1;
    db.put(key, Buffer.from(String(next)));
    return next;
  });
  let closed = false;
  return {
    append: async (records) => {
      if (closed) throw new LogError('Closed', `the writer of ${topic}/${partition} is closed`);
      const first = await environment.write(() => {
        if (current() !== epoch)
          throw new LogError('Fenced', `${topic}/${partition} was taken over by another ${name}`);
        return at.append(records, clock());
      });
      wakers.wake(topic, partition);
      await environment.flushed();
      return first + records.length;
    },
    close: async () => {
      closed = true;
    },
  };
}
