import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { registryCodec } from '../platform/codec/registry.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import { BrokerProxy } from './broker-proxy.js';
import { Component } from './component.js';
import { docker, type Server, startKafka, startRegistry } from './containers.js';
import { endMetrics, PARTITIONS, rulesText, writeMetrics } from './metrics-log.js';
import { backtest, payloads, results } from './results.js';
import { shownAt, windowsOf } from './shown.js';
import { temporaryFolder, tidemark } from './tidemark.js';

const SECONDS = 1200;
const STEADY = 10;

describe.skipIf(!docker)('several pipelines', () => {
  const folder = temporaryFolder();
  const stop = new AbortController();
  let servers: Server[] = [];
  beforeAll(async () => {
    servers = await Promise.all([startKafka(), startRegistry()]);
  }, 180_000);
  afterAll(async () => {
    stop.abort();
    for (const server of servers) await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test('slow failure detection, rebalances that lose windows: here partitions wander within seconds by kill -9, as of a zombie, and to and fro: the bytes of a backtest', async () => {
    const [kafka, registry] = servers;
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, rulesText);
    const warn = (): void => undefined;
    const log = kafkaLog({
      brokers: [kafka?.url ?? ''],
      warn,
      onFatal: (error) => expect.unreachable(error.message),
    });
    const clock = (): number => performance.now();
    const codec = await registryCodec({ url: registry?.url ?? '', pause, warn, clock, signal: stop.signal });
    const environment = {
      KAFKA_BROKERS: kafka?.url ?? '',
      SCHEMA_REGISTRY_URL: registry?.url ?? '',
      TIDEMARK_SLA: sla,
      TIDEMARK_CHECKPOINT_EVERY: '2m',
    };
    const start = (more: Readonly<Record<string, string>> = {}): Promise<Component> =>
      Component.start('pipeline', { ...environment, ...more });
    /** How many partitions of both stages a pipeline has recovered. */
    const owned = async ({ admin }: Component): Promise<number> =>
      (await (await fetch(`${admin}/metrics`)).text()).match(/^tidemark_watermark_timestamp_seconds\{/gm)
        ?.length ?? 0;
    const written = async (): Promise<number> => (await payloads(log, 'windows')).flat().length;

    const shown = async (all: readonly Component[]): Promise<string[]> => {
      const pages = await Promise.all(all.map(async ({ admin }) => (await fetch(`${admin}/metrics`)).text()));
      return pages.flatMap(windowsOf).sort();
    };

    /** All partitions are recovered, and each of them has some. */
    const shared = async (...all: readonly Component[]): Promise<void> => {
      const sharing = async (): Promise<string> => {
        const counts = await Promise.all(all.map(owned));
        return counts.every((count) => count > 0) ? `${counts.reduce((a, b) => a + b)}` : 'not all have some';
      };
      await expect.poll(sharing, { timeout: 60_000 }).toBe(`${2 * PARTITIONS}`);
    };

    await using proxy = await BrokerProxy.before(kafka?.url ?? '');
    await using first = await start({ KAFKA_BROKERS: proxy.url });
    await using second = await start();
    let third: Component | null = null;
    let fourth: Component | null = null;
    let killed: Promise<unknown> = Promise.resolve();
    await writeMetrics({
      ...{ log, codec, seconds: SECONDS, steady: STEADY },
      between: async (second_) => {
        if (second_ === 200) {
          // In the middle of the work: both have closed windows, neither all of them.
          await expect.poll(written, { timeout: 60_000 }).toBeGreaterThan(100);
          await expect
            .poll(async () => (await owned(first)) > 0 && (await owned(second)) > 0, { timeout: 60_000 })
            .toBe(true);
          // Right where a transaction is at its end, and its owner does not know.
          killed = proxy.swallowCommits().then(() => first.end('SIGKILL'));
        }
        if (second_ === 400) {
          await killed;
          // Slow failure detection is 30 s and more elsewhere.
          await expect.poll(() => owned(second), { timeout: 20_000 }).toBe(2 * PARTITIONS);
        }
        if (second_ === 600) {
          second.signal('SIGSTOP');
          third = await start();
          await expect.poll(() => owned(third as Component), { timeout: 60_000 }).toBe(2 * PARTITIONS);
        }
        // The zombie wakes up while the third is at work, and finds itself fenced.
        if (second_ === 800) second.signal('SIGCONT');
        // And gets back some of what was its own; some of what both have goes to a fourth, and comes back.
        if (second_ === 900) await shared(second, third as unknown as Component);
        if (second_ === 920) {
          fourth = await start();
          await shared(second, third as unknown as Component, fourth);
        }
        // Windows have closed since: each group is shown, by one of them.
        if (second_ === 940) {
          const all = [second, third, fourth] as unknown as readonly Component[];
          await expect
            .poll(() => shown(all), { timeout: 30_000, interval: 100 })
            .toEqual(shownAt(930, STEADY));
        }
        if (second_ === 1000) {
          expect(await (fourth as unknown as Component).end('SIGTERM')).toBe(0);
          await shared(second, third as unknown as Component);
        }
      },
    });
    await endMetrics({ log, codec, seconds: SECONDS });
    const from = ['--kafka-brokers', kafka?.url ?? '', '--schema-registry-url', registry?.url ?? ''];
    const expected = await backtest(from, { codec, sla });
    await expect.poll(written, { timeout: 90_000, interval: 500 }).toBe(expected.windows.flat().length);
    expect(expected.alerts.flat().length).toBeGreaterThan(30);
    const came = (): Promise<unknown> => results(log);
    await expect.poll(came, { timeout: 30_000, interval: 1000 }).toEqual(expected);
    expect(await (third as Component | null)?.end('SIGTERM')).toBe(0);
    expect(await second.end('SIGTERM')).toBe(0);
    await log.close();
  });

  test('an export says what is wrong with the topic, the registry or the broker, and what to do', async () => {
    const [kafka, registry] = servers;
    const nowhere = 'localhost:1';
    const run = (topic: string, { brokers = kafka?.url ?? '', schemas = registry?.url ?? '' } = {}) =>
      tidemark('log', 'export', topic, '--kafka-brokers', brokers, '--schema-registry-url', schemas);
    const { origin } = new URL(registry?.url ?? '');
    const [topic, down, elsewhere, broker] = await Promise.all([
      run('nosuch'),
      run('alerts', { schemas: `http://${nowhere}` }),
      run('alerts', { schemas: origin }),
      run('alerts', { brokers: nowhere }),
    ]);
    const told = (line: RegExp, code: number) => ({ code, stdout: '', stderr: expect.stringMatching(line) });
    expect(topic).toEqual(told(/^there is no topic nosuch in this log: give one of metrics, .*\n$/, 2));
    for (const one of [down, elsewhere])
      expect(one).toEqual(
        told(/^looking up schema \d+: .* cannot be reached.* SCHEMA_REGISTRY_URL .*\n$/, 1),
      );
    expect(broker).toEqual(told(/^looking up topic alerts: .*ECONNREFUSED.* KAFKA_BROKERS.*\n$/, 1));
  });
});
