import { expect, test, vi } from 'vitest';
import { type Codec, CodecError } from '../../platform/codec/codec.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import type { VideoEvent } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { consume } from './consume.js';

test('a schema that cannot be looked up now delays a record, and makes no dead letter of it', async () => {
  using folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const log = lmdbLog(environment);
  const topics = ['video-events', 'dead-letter'].map((name) => ({ name, partitions: 1, retentionMs: null }));
  await log.createTopics(topics);
  const embedded = embeddedCodec();
  let outages = 2;
  const codec: Codec = {
    ...embedded,
    grows: true,
    load: async (id) => {
      if (outages-- > 0) throw new CodecError('Unavailable', 'the registry is down');
      return embedded.load(id);
    },
  };
  const event: VideoEvent = {
    kind: 'processed',
    job: 'v.u',
    video: 'v',
    upload: 'u',
    at: 1,
    progress: 1,
    reason: null,
    requestId: null,
    traceparent: null,
  };
  const value = codec.encode('VideoEvent', event);
  await log.append({ topic: 'video-events', partition: 0, records: [{ key: null, value }] });

  const handled: VideoEvent[] = [];
  const warnings: string[] = [];
  const consumer = await consume({
    log,
    codec,
    group: 'vms',
    topic: 'video-events',
    type: 'VideoEvent',
    pause: () => Promise.resolve(),
    warn: (message) => warnings.push(message),
    handle: async (one) => {
      handled.push(one);
      return [];
    },
  });
  await vi.waitUntil(() => handled.length > 0, { timeout: 10_000 });
  await consumer.stop();
  expect(handled).toEqual([event]);
  expect(warnings).toEqual([
    'video-events/0: the registry is down; trying again in 1 s',
    'video-events/0: the registry is down; trying again in 2 s',
  ]);
  expect((await log.range('dead-letter', 0)).end).toBe(0);
  await log.close();
  await environment.close();
});
