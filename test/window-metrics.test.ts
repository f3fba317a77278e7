import { expect, test } from 'vitest';
import { recompile } from '../pipeline/sla/compile.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { rulesText, writeMetrics } from './metrics-log.js';
import { startPipeline } from './pipeline.js';
import { shownAt, windowsOf } from './shown.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const rules = recompile('sla.yaml', rulesText);
const STEADY = 20;

test('pipelines that share the partitions show each group once, wherever it wanders', async () => {
  using folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const log = lmdbLog(environment);
  const pipelines: Awaited<ReturnType<typeof startPipeline>>[] = [];
  const start = async (): Promise<number> => pipelines.push(await startPipeline(log, codec, rules));
  const shownBy = (): Promise<string[][]> =>
    Promise.all(pipelines.map(async ({ metrics }) => windowsOf(await metrics())));
  const shown = async (): Promise<string[]> => (await shownBy()).flat().sort();
  /** All groups at the window that closed last, once each. */
  const all = async (end: number): Promise<void> => {
    await expect.poll(shown).toEqual(shownAt(end, STEADY));
  };
  await writeMetrics({
    ...{ log, codec, seconds: 140, steady: STEADY },
    between: async (at) => {
      if (at === 20) await start();
      await all(at - 10);
      if (at === 60) {
        await start();
        // What has become the other's is gone here, and comes there with the next window.
        const [first = [], second] = await shownBy();
        expect([first.length < shownAt(0, STEADY).length, first.length > 0, second]).toEqual([
          true,
          true,
          [],
        ]);
      }
      if (at === 80) expect((await shownBy()).map(({ length }) => length > 0)).toEqual([true, true]);
      if (at === 100) await pipelines[0]?.stop();
    },
  });
  expect((await shownBy())[0]).toEqual([]);
  await pipelines[1]?.stop();
  await log.close();
  await environment.close();
});
