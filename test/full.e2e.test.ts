import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportOf } from './compare.js';
import { temporaryFolder, Up } from './tidemark.js';

test('a full disk is said, stops nothing but the flow, and loses nothing', async () => {
  using folder = temporaryFolder();
  const sla = join(folder.path, 'sla.yaml');
  writeFileSync(
    sla,
    'version: 1\nslas:\n  - { alert: Slow, by: [route], window: 1s, when: mean_latency > 1s }\n',
  );
  let count = 0;
  const metric = 'http_request_duration_seconds';
  const padding = 'x'.repeat(1000);
  const server = createServer((_, outgoing) => {
    const lines = Array.from({ length: 100 }, (__, i) => {
      const labels = `route="/a",i="${i}",padding="${padding}"`;
      return `${metric}_sum{${labels}} ${count / 10}\n${metric}_count{${labels}} ${count}\n`;
    });
    outgoing.end(`# TYPE ${metric} histogram\n${lines.join('')}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const args = ['--no-platform', '--target', `app=${url}`, '--sla', sla, '--scrape-interval', '200ms'];
  const start = (quota: string): Promise<Up> =>
    Up.start(...args, '--data', join(folder.path, 'data'), '--quota', quota);
  {
    await using up = await start('3MB');
    await expect.poll(() => up.stderr, { timeout: 30_000 }).toMatch(/no room in /);
    count = 500;
    expect((await fetch(`${up.url}/healthz`)).status).toBe(200);
    expect(await up.end('SIGTERM')).toBe(0);
  }
  {
    await using up = await start('1GB');
    const requests = async (): Promise<number> =>
      (await exportOf(join(folder.path, 'data'), 'windows'))
        .map(({ value }) => (value as { requests?: number }).requests ?? 0)
        .reduce((a, b) => a + b, 0);
    await expect.poll(requests, { timeout: 30_000, interval: 500 }).toBeCloseTo(100 * 500, 6);
    expect(await up.end('SIGTERM')).toBe(0);
  }
  server.closeAllConnections();
  server.close();
});
