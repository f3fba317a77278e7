import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compare, exportOf } from './compare.js';
import { temporaryFolder, Up } from './tidemark.js';

const rules = `version: 1
defaults: { by: [route], window: 2s }
slas:
  - alert: Alternates
    when: mean_latency > 1.2 * baseline
    baseline: { windows: 6, min_windows: 2 }
    context: [request_rate]
  - alert: Flaps
    match: '{route="/flap"}'
    when: mean_latency > 150ms
    for: 2s
    keep_firing_for: 4s
`;

/** A service whose latency depends on the second: one route alternates 130 / 100 ms, one flaps, one is steady. */
class Service {
  readonly #server: Server;
  readonly #totals = new Map<string, { count: number; sum: number }>();
  readonly #timer: NodeJS.Timeout;
  url = '';

  constructor() {
    this.#server = createServer((_, outgoing) => outgoing.end(this.#metrics()));
    this.#timer = setInterval(() => this.#serve(), 50);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/metrics`;
  }

  #serve(): void {
    const second = Math.floor(Date.now() / 1000);
    this.#observe('/alternates', Math.floor(second / 2) % 2 === 0 ? 0.13 : 0.1);
    this.#observe('/flap', second % 7 < 3 ? 0.2 : 0.1);
    for (let i = 0; i < 8; i++) this.#observe(`/steady/${i}`, 0.1);
  }

  #observe(route: string, seconds: number): void {
    const total = this.#totals.get(route) ?? { count: 0, sum: 0 };
    this.#totals.set(route, { count: total.count + 1, sum: total.sum + seconds });
  }

  #metrics(): string {
    const name = 'http_request_duration_seconds';
    const lines = [...this.#totals].flatMap(([route, { count, sum }]) => [
      `${name}_sum{route="${route}",status="200"} ${sum}`,
      `${name}_count{route="${route}",status="200"} ${count}`,
    ]);
    return `# TYPE ${name} histogram\n${lines.join('\n')}\n`;
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }
}

describe('a crash', () => {
  const service = new Service();
  beforeAll(() => service.listen());
  afterAll(() => service.close());

  test('changes nothing: windows and alerts are those of a backtest over the same metrics', async () => {
    using folder = temporaryFolder();
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, rules);
    const args = [
      '--no-platform',
      '--target',
      `service=${service.url}`,
      '--scrape-interval',
      '500ms',
      '--sla',
      sla,
      '--data',
      folder.path,
    ];
    for (let crash = 0; crash < 10; crash++) {
      await using up = await Up.start(...args);
      const until = Date.now() + 1000 + Math.random() * 3500;
      await expect.poll(() => Date.now() >= until, { timeout: 10_000, interval: 20 }).toBe(true);
      await up.end('SIGKILL');
    }
    await using last = await Up.start(...args);
    const before = (await exportOf(folder.path, 'windows')).length;
    await expect
      .poll(async () => (await exportOf(folder.path, 'windows')).length, { timeout: 20_000 })
      .toBeGreaterThan(before + 20);
    expect(await last.end('SIGTERM')).toBe(0);
    const { live, again, alerts, account } = await compare(folder.path, sla);
    expect(account).not.toMatch(/\d+ late/);
    expect(alerts).toBeGreaterThan(5);
    expect(live.flat().length).toBeGreaterThan(100);
    for (const [i, one] of live.entries()) expect(again[i]?.slice(0, one.length)).toEqual(one);
  });

  test('a changed rule file ends the alerts of changed rules alone, once', async () => {
    using folder = temporaryFolder();
    const sla = join(folder.path, 'sla.yaml');
    const rule = (alert: string, limit: string): string =>
      `  - { alert: ${alert}, match: '{route="/steady/1"}', by: [route], window: 2s, when: mean_latency > ${limit} }\n`;
    const write = (limit: string): void =>
      writeFileSync(sla, `version: 1\nslas:\n${rule('Stays', '20ms')}${rule('Changes', limit)}`);
    const args = [
      '--no-platform',
      '--target',
      `service=${service.url}`,
      '--scrape-interval',
      '500ms',
      '--sla',
      sla,
      '--data',
      folder.path,
    ];
    const states = async (): Promise<string[]> =>
      (await exportOf(folder.path, 'alerts')).map(({ value }) => {
        const { alert, state, reason } = value as { alert?: string; state?: string; reason?: string | null };
        return `${alert} ${state} ${reason}`;
      });
    write('30ms');
    {
      await using up = await Up.start(...args);
      await expect.poll(states, { timeout: 20_000 }).toEqual(['Changes firing null', 'Stays firing null']);
      await up.end('SIGKILL');
    }
    write('60s');
    for (let restart = 0; restart < 2; restart++) {
      await using up = await Up.start(...args);
      await expect.poll(states, { timeout: 20_000 }).toHaveLength(3);
      const windows = (await exportOf(folder.path, 'windows')).length;
      await expect
        .poll(async () => (await exportOf(folder.path, 'windows')).length, { timeout: 20_000 })
        .toBeGreaterThan(windows);
      expect((await states())[2]).toBe('Changes resolved rule_changed');
      await up.end('SIGKILL');
    }
  });
});
