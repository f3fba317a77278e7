import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { topicSpecs } from '../cli/topics.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { temporaryFolder, tidemark, Up } from './tidemark.js';

test('records that nobody can read are kept as dead letters with their reason and place, and stop nothing', async () => {
  using folder = temporaryFolder();
  const codec = embeddedCodec();
  {
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    const log = lmdbLog(environment);
    await log.createTopics(topicSpecs(86_400_000));
    const good = codec.encode('Watermark', { timestamp: Date.now(), source: 's', partitions: 4 });
    const values = [
      good.subarray(0, -3),
      Buffer.from([0, 0, 0, 3, 231, 1, 2]),
      Buffer.from('{"json": true}'),
      good,
    ];
    const records = values.map((value) => ({ key: Buffer.from('k'), value }));
    await log.append({ topic: 'metrics', partition: 2, records });
    await log.append({ topic: 'partials', partition: 1, records: records.slice(0, 1) });
    await log.close();
    await environment.close();
  }
  const sla = join(folder.path, 'sla.yaml');
  writeFileSync(sla, 'version: 1\nslas:\n  - { alert: Slow, when: mean_latency > 1s }\n');
  await using up = await Up.start('--no-platform', '--data', folder.path, '--sla', sla);
  const letters = async (): Promise<unknown[]> => {
    const { stdout } = await tidemark('log', 'export', 'dead-letter', '--data', folder.path);
    const lines = stdout.split('\n').filter(Boolean);
    return lines.map((line) => {
      const { topic, partition, offset, reason, detail } = JSON.parse(line).value;
      return `${topic}/${partition} ${offset} ${reason}: ${detail}`;
    });
  };
  await expect.poll(async () => (await letters()).length, { timeout: 20_000 }).toBe(4);
  expect((await letters()).sort()).toEqual([
    expect.stringMatching(/^metrics\/2 0 bad: .*(cut off|damaged)/),
    expect.stringMatching(/^metrics\/2 1 bad: .*999/),
    expect.stringMatching(/^metrics\/2 2 bad: .*frame/),
    expect.stringMatching(/^partials\/1 0 bad: .*(a Watermark does not belong|cut off|damaged)/),
  ]);
  const metrics = await (await fetch(`${up.url}/metrics`)).text();
  expect(metrics).toContain('tidemark_records{partition="2",class="bad"} 3');
  expect(await up.end('SIGTERM')).toBe(0);
});
