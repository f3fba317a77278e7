import { topics } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import { median } from './cost.js';
import type { Feed } from './feed.js';
import { answer, type Spawned } from './spawned.js';
import { Tail } from './tail.js';

const ROUNDS = 5;
const GIVE_UP_MS = 120_000;

/** From kill -9 of a pipeline to the first window that its survivor gives out, s. */
export interface TakeOverResult {
  readonly median: number;
  readonly greatest: number;
}

export interface TakeOverOptions {
  readonly feed: Feed;
  readonly codec: Codec;
  readonly first: Spawned;
  /** One more pipeline of the same group. */
  readonly start: () => Promise<Spawned>;
}

/** Of two pipelines that share the partitions one is killed, again and again. */
export async function measureTakeOver(options: TakeOverOptions): Promise<TakeOverResult> {
  const { feed, codec, start } = options;
  let reached = 0;
  let awaited = Number.POSITIVE_INFINITY;
  let cameAt = 0;
  await using _windows = await Tail.of(feed.log, topics.windows, (value, at) => {
    const decoded = codec.decode(value);
    if (decoded.type !== 'WindowRecord') return;
    reached = Math.max(reached, decoded.value.end);
    if (decoded.value.end < awaited) return;
    awaited = Number.POSITIVE_INFINITY;
    cameAt = at;
  });
  let closing = 0;
  const scrapeUntil = async (done: () => boolean | Promise<boolean>): Promise<void> => {
    const until = performance.now() + GIVE_UP_MS;
    do {
      if (performance.now() > until) throw new Error('the pipelines do not get on');
      await feed.scrape((windowEnd) => {
        closing = windowEnd;
      });
    } while (!(await done()));
  };
  const taken: number[] = [];
  let victim = options.first;
  for (let round = 0; round < ROUNDS; round++) {
    const survivor = await start();
    // Nothing is behind, and without its share of *aggregate* no window closes.
    await scrapeUntil(async () => reached >= closing && (await shares(victim)) && (await shares(survivor)));
    awaited = closing + 1;
    const at = performance.now();
    await victim.end('SIGKILL');
    await scrapeUntil(() => cameAt > at);
    taken.push((cameAt - at) / 1e3);
    victim = survivor;
  }
  await victim.end('SIGTERM');
  return { median: median(taken), greatest: Math.max(...taken) };
}

/** Whether it owns partitions of both stages. */
async function shares({ url }: Spawned): Promise<boolean> {
  const metrics = await answer(`${url}/metrics`);
  return ['aggregate', 'evaluate'].every((stage) =>
    metrics.includes(`tidemark_watermark_timestamp_seconds{stage="${stage}"`),
  );
}
