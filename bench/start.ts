import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './cost.js';
import { statusBytes } from './memory.js';
import { answer, Spawned } from './spawned.js';
import { withFolder } from './temporary.js';

const STARTS = 5;
const LOOK_EVERY_MS = 200;
/** The spout's first watermark, then one per scrape. */
const WATERMARKS = 3;

export interface StartResult {
  /** From spawn to the first 200, s; medians. */
  readonly healthz: number;
  readonly alerts: number;
  /** Resident set after two scrapes, bytes. */
  readonly idleRss: number;
}

/** `tidemark up` as a user starts it, on an empty folder and the rules of this repository. */
export async function measureStart(): Promise<StartResult> {
  const healthz: number[] = [];
  const alerts: number[] = [];
  let idleRss = 0;
  for (let n = 1; n <= STARTS; n++) {
    await withFolder(async (data) => {
      const from = performance.now();
      await using up = new Spawned(['up', '--port', '0', '--data', data]);
      const url = await up.listening();
      await answer(`${url}/healthz`);
      healthz.push((performance.now() - from) / 1e3);
      await answer(`${url}/api/v1/alerts`);
      alerts.push((performance.now() - from) / 1e3);
      if (n === STARTS) idleRss = await rssAfterScrapes(up.child.pid, url);
    });
  }
  return { healthz: median(healthz), alerts: median(alerts), idleRss };
}

/** Waits until event time has moved twice. */
async function rssAfterScrapes(pid: number | undefined, url: string): Promise<number> {
  const seen = new Set<string>();
  while (seen.size < WATERMARKS) {
    await sleep(LOOK_EVERY_MS);
    const metrics = await answer(`${url}/metrics`);
    const at = /^tidemark_watermark_timestamp_seconds\{stage="aggregate",partition="0"\} (\S+)$/m.exec(
      metrics,
    );
    if (at?.[1] !== undefined) seen.add(at[1]);
  }
  const metrics = await answer(`${url}/metrics`);
  const own = Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
  return (pid === undefined ? null : statusBytes(pid, 'VmRSS')) ?? own;
}
