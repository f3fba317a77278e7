import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { compare } from './compare.js';
import { EPOCH, PARTITIONS, rulesText, writeMetrics } from './metrics-log.js';
import { temporaryFolder, Up } from './tidemark.js';

const SECONDS = 6000;
const ROUTES = 33;

/** Fills a data folder. Series are long, so that a pull takes in a few minutes of event time, not all of it. */
async function fill(path: string, seconds: number): Promise<void> {
  const environment = openEnvironment({ path, mode: 'write' });
  const log = lmdbLog(environment);
  await writeMetrics({ log, codec: embeddedCodec(), seconds, steady: 30, padding: 250 });
  await log.close();
  await environment.close();
}

describe('a backlog that is worked off across crashes', () => {
  test('gives the windows and alerts of a backtest, with a source that restarted an hour behind', async () => {
    using folder = temporaryFolder();
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, rulesText);
    await fill(folder.path, SECONDS);
    const args = ['--no-platform', '--sla', sla, '--data', folder.path, '--scrape-interval', '1s'];
    const environment = openEnvironment({ path: folder.path, mode: 'read' });
    const log = lmdbLog(environment);
    const written = async (): Promise<number> => {
      const ranges = Array.from({ length: PARTITIONS }, (_, partition) => log.range('windows', partition));
      return (await Promise.all(ranges)).reduce((sum, { end }) => sum + end, 0);
    };
    // Each kill strikes once more has been written; most of the work is left for after the last one.
    let crashes = 0;
    while (crashes < 6 && (await written()) < ROUTES * (SECONDS / 10) * 0.5) {
      await using up = Up.spawn(...args);
      const before = await written();
      await expect.poll(written, { timeout: 30_000, interval: 1 }).toBeGreaterThan(before);
      await up.end('SIGKILL');
      crashes++;
    }
    expect(crashes).toBeGreaterThan(1);
    const half = await written();
    await log.close();
    await environment.close();
    await using last = await Up.start(...args);
    const behind = async (): Promise<number> => {
      const text = await (await fetch(`${last.url}/metrics`)).text();
      const marks = [...text.matchAll(/tidemark_watermark_timestamp_seconds\{stage="evaluate".*\} (\S+)/g)];
      return marks.filter(([, seconds]) => Number(seconds) > EPOCH / 1000 + 1e6).length;
    };
    await expect.poll(behind, { timeout: 60_000 }).toBe(PARTITIONS);
    expect(await last.end('SIGTERM')).toBe(0);
    const { live, again, alerts, account } = await compare(folder.path, sla);
    expect(alerts).toBeGreaterThan(300);
    expect(again).toEqual(live);
    expect(account).toMatch(/\d+ late/);
    // The last crash, too, struck in the middle of the work.
    expect(half).toBeLessThan(live.flat().length - alerts);
  });
});
