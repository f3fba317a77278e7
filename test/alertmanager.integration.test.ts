import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { alertOf } from '../pipeline/follow/alert.fixture.js';
import { alertmanager } from '../pipeline/notify/alertmanager.js';
import { Notifier } from '../pipeline/notify/notifier.js';
import { WATCHDOG } from '../pipeline/notify/watchdog.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { httpPost } from '../platform/http/http-post.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { lmdbStore } from '../platform/store/lmdb/store.js';
import type { AlertRecord } from '../schemas/types.js';
import { runDocker } from './compose.js';
import { docker, type Server, startAlertmanager } from './containers.js';
import { Hook } from './hook.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const LONG = { timeout: 60_000, interval: 50 };

/** A log of alerts, and what hands them over to an Alertmanager. */
class Telling implements AsyncDisposable {
  readonly said: string[] = [];
  readonly #folder = temporaryFolder();
  readonly #environment = openEnvironment({ path: this.#folder.path, mode: 'write' });
  readonly #log = lmdbLog(this.#environment);
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(readonly server: Server) {}

  async begin(): Promise<void> {
    const names = ['alerts', 'windows', 'dead-letter'];
    await this.#log.createTopics(names.map((name) => ({ name, partitions: 1, retentionMs: null })));
    // A window is closed: somebody judges.
    await this.#log.append({ topic: 'windows', partition: 0, records: [{ key: null, value: Buffer.of(0) }] });
    this.start();
  }

  start(): void {
    this.#stop = new AbortController();
    const url = this.server.url;
    const common = { clock: Date.now, interval: 60_000 };
    const receiver = alertmanager({
      ...common,
      url,
      post: httpPost(5_000),
      externalUrl: 'https://tides.test',
    });
    const notifier = new Notifier({
      ...common,
      ...{ log: this.#log, codec, store: lmdbStore(this.#environment), receivers: [receiver] },
      ...{ staleAfter: 600_000, pause, random: () => 0, count: () => undefined },
      say: (level, message) => void this.said.push(`${level} ${message}`),
    });
    this.#running = notifier.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async happens(route: string, state: AlertRecord['state']): Promise<void> {
    const now = Date.now();
    const record = { ...alertOf(route, state, now), startsAt: now - 1_000 };
    const value = codec.encode('AlertRecord', { ...record, endsAt: state === 'resolved' ? now : null });
    await this.#log.append({ topic: 'alerts', partition: 0, records: [{ key: null, value }] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#log.close();
    await this.#environment.close();
    this.#folder[Symbol.dispose]();
  }
}

describe.skipIf(!docker)('a real Alertmanager', () => {
  const hook = new Hook();
  let server: Server;
  beforeAll(async () => {
    server = await startAlertmanager(await hook.start());
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await hook[Symbol.asyncDispose]();
  });

  interface Shown {
    readonly labels: Readonly<Record<string, string>>;
    readonly generatorURL: string;
    readonly startsAt: string;
    readonly endsAt: string;
  }
  const shown = async (): Promise<readonly Shown[]> => {
    const answer = await fetch(`${server.url}/api/v2/alerts`).catch(() => null);
    return answer?.ok ? ((await answer.json()) as Shown[]) : [];
  };
  const active = async (): Promise<string[]> =>
    (await shown()).map(({ labels }) => labels.route ?? labels.alertname ?? '').sort();
  const received = async (status: string): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const line = new RegExp(
      `^alertmanager_alerts_received_total\\{status="${status}",version="v2"\\} (\\d+)$`,
      'm',
    );
    return Number(line.exec(text)?.[1] ?? 0);
  };

  test('shows what fires and what resolves, and gets all that it missed', async () => {
    await using telling = new Telling(server);
    await telling.begin();
    await telling.happens('/a', 'firing');
    await telling.happens('/d', 'firing');
    await expect.poll(active, LONG).toEqual(['/a', '/d', WATCHDOG]);
    const a = (await shown()).find(({ labels }) => labels.route === '/a');
    expect(a?.generatorURL).toBe(`https://tides.test/?alert=${encodeURIComponent('/a')}`);
    expect(Date.parse(a?.endsAt ?? '') - Date.now()).toBeGreaterThan(180_000);
    await expect.poll(() => hook.heard, LONG).toEqual(expect.arrayContaining(['firing /a', 'firing /d']));

    await telling.happens('/a', 'resolved');
    await expect.poll(() => hook.heard, LONG).toContain('resolved /a');
    await expect.poll(active, LONG).toEqual(['/d', WATCHDOG]);

    const id = server.container.getId();
    await runDocker(['stop', id]);
    await telling.happens('/b', 'firing');
    await telling.happens('/c', 'firing');
    await telling.happens('/c', 'resolved');
    await telling.happens('/d', 'resolved');
    await expect.poll(() => telling.said.join('\n'), LONG).toContain('does not take alerts');
    // Who tells it ends meanwhile, and goes on where it was.
    await telling.stop();
    telling.start();
    await runDocker(['start', id]);

    await expect.poll(active, LONG).toEqual(['/b', WATCHDOG]);
    await expect.poll(() => hook.heard, LONG).toEqual(expect.arrayContaining(['firing /b', 'resolved /d']));
    // Those of /a, which it is told again, /c and /d.
    await expect.poll(() => received('resolved'), LONG).toBeGreaterThanOrEqual(3);
    expect(hook.heard.filter((one) => one === 'resolved /a')).toHaveLength(1);
    expect(telling.said.filter((one) => one.startsWith('error'))).toEqual([]);
  });
});
