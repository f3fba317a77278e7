import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertRecord, WindowRecord } from '../schemas/types.js';
import { docker, type Server, startPrometheus } from './containers.js';
import { CountingService } from './counting-service.js';
import { images } from './images.js';
import { temporaryFolder, tidemark } from './tidemark.js';

const LONG = { timeout: 60_000, interval: 50 };
const rules = `version: 1
defaults: { by: [job, route], window: 2s, grace: 2s }
slas:
  - { alert: Busy, when: request_rate > 1/s }
`;

describe.skipIf(!docker)('a backtest of the history of a real Prometheus', () => {
  const service = new CountingService();
  const folder = temporaryFolder();
  const sla = join(folder.path, 'sla.yaml');
  const servers: Server[] = [];
  beforeAll(async () => {
    writeFileSync(sla, rules);
    await service.start();
    const started = [images.prometheus2, images.prometheus].map((image, i) =>
      startPrometheus(image, [{ job: 'app', port: service.port, path: `/${i}` }]),
    );
    servers.push(...(await Promise.all(started)));
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const scraped = async (more: number): Promise<void> => {
    const least = servers.map((_, i) => (service.scrapes.get(`/${i}`) ?? 0) + more);
    await expect.poll(() => least.every((n, i) => (service.scrapes.get(`/${i}`) ?? 0) >= n), LONG).toBe(true);
  };

  test('2.x and 3.x: all that the service counted is in the windows, and the alert that would have fired', async () => {
    await scraped(2);
    service.count('/a', '/b');
    await scraped(8);
    service.rest();
    // So much later the windows are closed, by a target that goes on being scraped.
    await scraped(10);
    for (const { url } of servers) {
      const { code, stdout, stderr } = await tidemark(
        ...['backtest', sla, '--prometheus', url, '--from', '2m', '--windows', '-o', 'json'],
      );
      expect(code, stderr).toBe(0);
      const values = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)) as {
        readonly type: string;
        readonly value: unknown;
      }[];
      const windows = values
        .filter(({ type }) => type === 'WindowRecord')
        .map(({ value }) => value as WindowRecord);
      const counted = (route: string): number =>
        windows.filter(({ group }) => group.route === route).reduce((sum, one) => sum + one.requests, 0);
      for (const [route, total] of service.totals) expect(Math.round(counted(route))).toBe(total);
      const alerts = values
        .filter(({ type }) => type === 'AlertRecord')
        .map(({ value }) => value as AlertRecord);
      expect(alerts.map(({ state, labels }) => `${labels.route} ${state}`).sort()).toEqual([
        '/a firing',
        '/a resolved',
        '/b firing',
        '/b resolved',
      ]);
      // It was not there two minutes before.
      expect(stderr).toMatch(/^the data begin at /);
    }
  });
});
