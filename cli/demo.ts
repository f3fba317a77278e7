import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkedAbort } from '../platform/linked-abort.js';
import type { Logger } from '../platform/telemetry/logger.js';
import type { AlertRecord } from '../schemas/types.js';
import { type DelayHop, startDelayHop } from './delay-hop.js';
import { followStream } from './follow.js';
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
/** Many times what a request takes here: noise cannot make up for it. */
const DELAY_MS = 250;
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
    print(`From now on the network between gateway and video management is ${DELAY_MS} ms slow.`);
    setDelay(DELAY_MS);
    const fired = await watch.until(() => seen.some(({ state }) => state === 'firing'), {
      ms: FIRE_MS,
      signal: ended,
    });
    if (!fired) {
      print(`Nothing fired within ${FIRE_MS / 1000} s: no rule in ${settings.sla} was broken.`);
      return false;
    }
    print('The network is well again.');
    setDelay(0);
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

/** Lists videos at the rate until the signal. */
async function traffic(url: string, signal: AbortSignal): Promise<void> {
  await runLoad({
    url,
    register: 1,
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
