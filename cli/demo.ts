import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkedAbort } from '../platform/linked-abort.js';
import type { Logger } from '../platform/telemetry/logger.js';
import type { AlertRecord } from '../schemas/types.js';
import { makeClip } from './clip.js';
import { type DelayHop, startDelayHop } from './delay-hop.js';
import { fetchJson, followStream } from './follow.js';
import { runLoad } from './load.js';
import { pause } from './pause.js';
import { loadRules } from './rules.js';
import type { Settings } from './settings.js';
import { formatAlert } from './terminal.js';
import { startPlatform } from './up.js';

export interface DemoOptions {
  readonly settings: Settings;
  /** Whether the user named a data folder, which is then kept. */
  readonly keepData: boolean;
  readonly logger: Logger;
  readonly color: boolean;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** How long quiet traffic runs first, how long slow traffic may take to fire, and quiet to resolve, ms. */
const QUIET_MS = 22_000;
const FIRE_MS = 30_000;
const RESOLVE_MS = 30_000;
/** A network that is there from the beginning, so that no noise of this machine comes near the threshold. */
const NEAR_MS = 20;
const FAR_MS = 250;
const VIDEO_MS = 30_000;
const RATE = 20;

/** Real traffic, a slow network, an alert that explains itself, a recovery. Resolves to whether it all came. */
export async function runDemo({
  settings,
  keepData,
  logger,
  color,
  print,
  signal,
}: DemoOptions): Promise<boolean> {
  const rules = loadRules(settings.sla);
  const data = keepData ? settings.data : mkdtempSync(join(tmpdir(), 'tidemark-demo-'));
  using stop = linkedAbort(signal);
  const ended = stop.signal;
  let hop: DelayHop | null = null;
  const fatal = (error: unknown): void => {
    logger.error({ err: error }, 'the demo cannot go on');
    stop.abort();
  };
  const via = async (origin: string): Promise<string> => {
    const { hostname: host, port } = new URL(origin);
    hop = await startDelayHop({ host, port: Number(port) });
    return `http://127.0.0.1:${hop.port}`;
  };
  const platform = await startPlatform({
    settings: { ...settings, data },
    rules,
    logger,
    onFatal: fatal,
    via,
  });
  const setDelay = (ms: number): void => hop?.setDelay(ms);
  const background: Promise<unknown>[] = [];
  try {
    print(`The platform runs at ${platform.url}; its rules are in ${settings.sla}.`);
    setDelay(NEAR_MS);
    const clip = await makeClip(3).catch(() => null);
    if (clip) print(await showVideo(platform.url, clip, ended));
    else print('There is no ffmpeg here: the video is left out, all else goes on.');
    const seen: AlertRecord[] = [];
    const watch = new Watch();
    const onRecord = (record: unknown): void => {
      seen.push(record as AlertRecord);
      print(formatAlert(record as AlertRecord, { color }));
      watch.changed();
    };
    background.push(followStream(`${platform.url}/api/v1/alerts/stream`, { signal: ended, onRecord, pause }));
    background.push(traffic(platform.url, ended));
    print(`Traffic at ${RATE} requests/s; for ${QUIET_MS / 1000} s all is well.`);
    await pause(QUIET_MS, ended);
    print(`From now on the network between gateway and video management takes ${FAR_MS} ms, not ${NEAR_MS}.`);
    setDelay(FAR_MS);
    const fired = await watch.until(() => seen.some(({ state }) => state === 'firing'), {
      ms: FIRE_MS,
      signal: ended,
    });
    if (!fired && signal.aborted) return false;
    if (!fired) {
      print(`Nothing fired within ${FIRE_MS / 1000} s: no rule in ${settings.sla} was broken.`);
      return false;
    }
    print('The network is well again.');
    setDelay(NEAR_MS);
    const unresolved = (): number =>
      seen.filter(({ state }) => state === 'firing').length -
      seen.filter(({ state }) => state === 'resolved').length;
    const resolved = await watch.until(() => unresolved() === 0, { ms: RESOLVE_MS, signal: ended });
    print(
      resolved
        ? 'Every alert has resolved. See README.md for your own rules.'
        : `An alert did not resolve within ${RESOLVE_MS / 1000} s.`,
    );
    return resolved;
  } finally {
    stop.abort();
    await Promise.allSettled(background);
    await platform.stop();
    await (hop as DelayHop | null)?.close();
    if (!keepData) rmSync(data, { recursive: true, force: true });
  }
}

/** Uploads a video as a user would, and waits until it can be played; resolves to what became of it. */
async function showVideo(url: string, clip: Buffer, signal: AbortSignal): Promise<string> {
  await runLoad({
    ...{ url, register: 1, list: 0, get: 0, hit: 0, rate: RATE, video: clip },
    ...{ random: Math.random, pause, signal },
  });
  using limit = linkedAbort(signal, AbortSignal.timeout(VIDEO_MS));
  for (;;) {
    const [video] = (await fetchJson(`${url}/vms/videos`)) as { id: string; state: string; reason: string }[];
    if (video?.state === 'available')
      return `A video was uploaded and encoded; until the demo ends it plays at ${url}/videofiles/${video.id}/video.mpd`;
    if (video?.state === 'notAvailable') return `The video could not be encoded: ${video.reason}`;
    if (limit.signal.aborted) return 'The video is still being encoded.';
    await pause(250, limit.signal);
  }
}

/** Lists videos at the rate until the signal. */
async function traffic(url: string, signal: AbortSignal): Promise<void> {
  await runLoad({
    url,
    register: 1,
    video: null,
    list: 100_000,
    get: 0,
    hit: 0,
    rate: RATE,
    random: Math.random,
    pause,
    signal,
  });
}

/** Waits for a condition on what has come so far. */
class Watch {
  #wake: () => void = () => {};

  changed(): void {
    this.#wake();
  }

  async until(holds: () => boolean, { ms, signal }: { ms: number; signal: AbortSignal }): Promise<boolean> {
    using limit = linkedAbort(signal, AbortSignal.timeout(ms));
    while (!holds() && !limit.signal.aborted) {
      using woken = linkedAbort(limit.signal);
      this.#wake = () => woken.abort();
      await pause(ms, woken.signal);
    }
    return holds();
  }
}
