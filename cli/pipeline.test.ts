import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { recompile } from '../pipeline/sla/compile.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import type { EventLog, Membership } from '../platform/log/event-log.js';
import { runPipeline } from './pipeline.js';

test('where one stage cannot join, the other one does not stay', async () => {
  const left: string[] = [];
  const joins: EventLog['join'] = async (group): Promise<Membership> => {
    if (group === 'evaluate') throw new Error('no broker answers');
    // The one that fails is not waited for by this one, nor this one by it.
    await new Promise((resolve) => setImmediate(resolve));
    return {
      member: true,
      leave: async () => {
        left.push(group);
      },
    };
  };
  const log = { join: joins } as Partial<EventLog> as EventLog;
  const running = runPipeline({
    log,
    codec: embeddedCodec(),
    rules: unchanging(recompile('sla.yaml', 'version: 1\nslas: []\n')),
    registry: new Registry(),
    targets: 1,
    checkpointEvery: 1_000,
    warn: (message) => expect.unreachable(message),
    pause: async () => undefined,
    onFatal: (error) => expect.unreachable(String(error)),
  });
  await expect(running).rejects.toThrow('no broker answers');
  expect(left).toEqual(['aggregate']);
});
