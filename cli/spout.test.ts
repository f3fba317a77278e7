import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { recompile } from '../pipeline/sla/compile.js';
import { DirectPoller } from '../pipeline/spout/direct-poller.js';
import { HistoryPoller } from '../pipeline/spout/history-poller.js';
import type { Poller } from '../pipeline/spout/poller.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { loadRules } from './rules.js';
import { optionsOf, readOptions } from './settings.js';
import { countedBy, directPoller, gaugesOf, pollerOf, pollerSettings, whileNamed } from './spout.js';

afterEach(() => vi.unstubAllEnvs());

const rules = loadRules('sla.yaml');

function pollerFor(...args: string[]): Promise<Poller> {
  const command = new Command('spout');
  for (const option of optionsOf(pollerSettings)) command.addOption(option);
  const settings = readOptions(pollerSettings, command.parse(args, { from: 'user' }).opts());
  return pollerOf(settings, { rules: unchanging(rules), say: () => undefined });
}

describe('metrics come', () => {
  test('from the targets that are named', async () => {
    expect(await pollerFor('--target', 'a=http://a:1/metrics')).toBeInstanceOf(DirectPoller);
  });

  test('from the Prometheus that the environment names', async () => {
    vi.stubEnv('PROMETHEUS_URL', 'http://prometheus:9090');
    vi.stubEnv('PROMETHEUS_HEADER', 'X-Scope-OrgID: tenant');
    expect(await pollerFor()).toBeInstanceOf(HistoryPoller);
  });

  const url = ['--prometheus-url', 'https://prometheus'];
  test.each([
    [[], 'PROMETHEUS_URL is missing: set it, or give --target (where metrics come from)'],
    [[...url, '--target', 'a=http://a:1/metrics'], 'PROMETHEUS_URL and --target exclude each other'],
    [['--prometheus-url', 'prometheus:9090'], 'is no address: write it like http://host:9090'],
    [[...url, '--family', 'a b'], '--family (TIDEMARK_FAMILY): "a b" is no metric'],
    [
      [...url, '--gauge', 'lag', '--family', 'x,lag'],
      '--family lag: it is recorded as a gauge, and it is one or the other',
    ],
    [[...url, '--gauge', 'a b'], '--gauge (TIDEMARK_GAUGE): "a b" is no metric'],
    [
      [...url, '--gauge', 'x,http_request_duration_seconds'],
      '--gauge http_request_duration_seconds: a rule measures it as a counter, and it is one or the other',
    ],
    [[...url, '--prometheus-header', 'tenant'], '"tenant" is no header'],
    [[...url, '--prometheus-username', 'me'], 'PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD belong together'],
    [[...url, '--prometheus-cert', 'a.pem'], 'PROMETHEUS_CERT and PROMETHEUS_KEY belong together'],
    [[...url, '--prometheus-ca', 'nowhere.pem'], 'PROMETHEUS_CA: ENOENT'],
    [
      [...url, '--prometheus-username', 'me', '--prometheus-password', 'x', '--prometheus-token-file', 'y'],
      'PROMETHEUS_USERNAME and PROMETHEUS_TOKEN_FILE exclude each other',
    ],
  ])('not by %j', async (args, message) => {
    const asked = async (): Promise<Poller> => pollerFor(...args);
    await expect(asked()).rejects.toThrow(message);
  });
});

test('gauges are those that the rules measure, and those that are named besides', () => {
  const measuring = recompile(
    'sla.yaml',
    `version: 1
slas:
  - { alert: A, match: memory_bytes, when: max > 1 }
  - { alert: B, match: memory_bytes, window: 1m, when: avg > 1 }
  - { alert: C, when: mean_latency > 1s }
`,
  );
  expect(gaugesOf(measuring, ['lag', 'memory_bytes'])).toEqual(['memory_bytes', 'lag']);
  const counted = 'http_request_duration_seconds';
  expect(countedBy(measuring, { family: ['sizes', counted], gauge: ['lag'] })).toEqual([counted, 'sizes']);
  expect(() => countedBy(measuring, { family: ['memory_bytes'], gauge: [] })).toThrow('one or the other');
});

test('who asks for metrics by name begins anew when the rules name others, and only then', async () => {
  const of = (when: string) => recompile('sla.yaml', `version: 1\nslas: [{ alert: A, ${when} }]\n`);
  const source = { current: of('when: mean_latency > 1s'), changed: new AbortController() };
  const change = (when: string): void => {
    const before = source.changed;
    source.current = of(when);
    source.changed = new AbortController();
    before.abort();
  };
  const stop = new AbortController();
  const read: string[] = [];
  const rules = {
    get current() {
      return source.current;
    },
    get changed() {
      return source.changed.signal;
    },
  };
  const run = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      read.push(...source.current.selections.map(({ metric }) => metric));
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  const ended = whileNamed(rules, run, stop.signal);
  change('when: p99_latency > 1s');
  change('match: memory_bytes, when: max > 1');
  await vi.waitFor(() => expect(read).toHaveLength(2));
  change('match: memory_bytes, when: max > 2');
  stop.abort();
  await ended;
  expect(read).toEqual(['http_request_duration_seconds', 'memory_bytes']);
});

test('gauges that rules come to measure are scraped from the next poll on', async () => {
  const server = createServer((_, outgoing) =>
    outgoing.end('# TYPE lag gauge\nlag 3\n# TYPE heap gauge\nheap 4\n'),
  );
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let gauges = ['lag'];
  const poller = await directPoller([{ name: 'a', url: `http://127.0.0.1:${port}/metrics` }], {
    ...{ interval: 5_000, gauges: () => gauges },
    say: (_, message) => expect.unreachable(message),
  });
  poller.begin({ cursor: null, appended: new Map() }, Date.now());
  const polled = async (): Promise<string[]> => {
    const names: string[] = [];
    for await (const { samples } of poller.poll(new AbortController().signal))
      names.push(...samples.map(({ name }) => name));
    return names;
  };
  expect(await polled()).toEqual(['lag']);
  gauges = ['lag', 'heap'];
  expect(await polled()).toEqual(['lag', 'heap']);
  await new Promise((resolve) => server.close(resolve));
});
