import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { type RunningPipeline, runPipeline } from '../cli/pipeline.js';
import { recompile } from '../pipeline/sla/compile.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { EventLog } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { EPOCH, PARTITIONS, rulesText, writeMetrics } from './metrics-log.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const rules = recompile('sla.yaml', rulesText);
const STEADY = 20;
const routes = ['/alternates', '/flap', ...Array.from({ length: STEADY }, (_, i) => `/steady/${i}`)];

class Pipeline {
  private constructor(
    readonly registry: Registry,
    readonly running: RunningPipeline,
  ) {}

  static async start(log: EventLog): Promise<Pipeline> {
    const registry = new Registry();
    const running = await runPipeline({
      ...{ log, codec, rules, registry, pause, targets: PARTITIONS, checkpointEvery: 60_000 },
      warn: (text) => expect.unreachable(text),
      onFatal: (error) => expect.unreachable(String(error)),
    });
    return new Pipeline(registry, running);
  }

  /** Ends of the windows that it shows, s after the beginning, with their routes. */
  async shown(): Promise<string[]> {
    const text = await this.registry.metrics();
    const lines = text.matchAll(/^tidemark_window_end_\w+{rule="AboveBaseline",route="(.*)"} (\d+)$/gm);
    return [...lines].map(([, route, end]) => `${Number(end) - EPOCH / 1000} ${route}`);
  }
}

test('pipelines that share the partitions show each group once, wherever it wanders', async () => {
  using folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const log = lmdbLog(environment);
  const pipelines: Pipeline[] = [];
  const start = async (): Promise<number> => pipelines.push(await Pipeline.start(log));
  const shownBy = (): Promise<string[][]> => Promise.all(pipelines.map((one) => one.shown()));
  const shown = async (): Promise<string[]> => (await shownBy()).flat().sort();
  /** All groups at the window that closed last, once each. */
  const all = async (end: number): Promise<void> => {
    await expect.poll(shown).toEqual(routes.map((route) => `${end} ${route}`).sort());
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
        expect([first.length < routes.length, first.length > 0, second]).toEqual([true, true, []]);
      }
      if (at === 80) expect((await shownBy()).map(({ length }) => length > 0)).toEqual([true, true]);
      if (at === 100) await pipelines[0]?.running.stop();
    },
  });
  expect((await shownBy())[0]).toEqual([]);
  await pipelines[1]?.running.stop();
  await log.close();
  await environment.close();
});
