import { describe, expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { FrameBatch } from '../../platform/log/batch.js';
import type { OwnedPartition } from '../../platform/log/event-log.js';
import type { RuleSet } from '../model/rule.js';
import { recompile } from '../sla/compile.js';
import { checkpointRecords } from './checkpoint.js';
import { recover } from './recover.js';
import { unchanging } from './rule-source.js';
import { type Produced, type Stage, type StageFactory, topics } from './stage.js';

const codec = embeddedCodec();
const rules = recompile('sla.yaml', 'version: 1\nslas:\n  - { alert: Slow, when: mean_latency > 300ms }\n');

class Counting implements Stage {
  rules: RuleSet = rules;
  watermark = 0;
  batches = 0;

  push(): readonly Produced[] {
    this.batches++;
    return [];
  }

  takeUp(): readonly Produced[] {
    return [];
  }

  save(): Buffer {
    return Buffer.from('state');
  }
}

const factory: StageFactory<Counting> = {
  name: 'aggregate',
  topic: topics.metrics,
  create: () => new Counting(),
  restore: () => new Counting(),
};

/** Recovers from a checkpoint at offset 0 that stands for offset 1, to offset 5, over a log that ends so. */
async function recovered(end: number): Promise<{ readonly warnings: string[]; readonly batches: number }> {
  const warnings: string[] = [];
  let position = 0;
  const owned: OwnedPartition = {
    ...{ topic: topics.metrics, partition: 0, lost: new AbortController().signal },
    get position() {
      return position;
    },
    committed: async () => ({ next: 5, state: 0, replayFrom: 1 }),
    seek: (to) => {
      position = to;
    },
    close: async () => undefined,
    pull: async () => {
      if (position >= end) return null;
      const batch = new FrameBatch();
      const [state] = checkpointRecords(codec, 'state', Buffer.from('state'));
      if (state) batch.push(state, position++, 0);
      return batch;
    },
    commit: () => expect.unreachable('nothing is committed'),
  };
  const { stage, next } = await recover(owned, {
    ...{ factory, codec, rules: unchanging(rules), clock: () => 0, pause: async () => undefined },
    warn: (message) => warnings.push(message),
  });
  expect(next).toBe(5);
  return { warnings, batches: (stage as Counting).batches };
}

describe('what brings a checkpoint forward', () => {
  test('is replayed up to where it was committed', async () => {
    expect(await recovered(9)).toEqual({ warnings: [], batches: 4 });
  });

  test('is missed aloud where the log has it no more', async () => {
    expect(await recovered(3)).toEqual({
      batches: 2,
      warnings: [
        'metrics/0: the log gives nothing from offset 3 on, and the aggregate state is to be that at offset 5; results may differ from what they would have been',
      ],
    });
  });
});
