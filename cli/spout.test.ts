import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { recompile } from '../pipeline/sla/compile.js';
import { DirectPoller } from '../pipeline/spout/direct-poller.js';
import { HistoryPoller } from '../pipeline/spout/history-poller.js';
import type { Poller } from '../pipeline/spout/poller.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { loadRules } from './rules.js';
import { optionsOf, readOptions } from './settings.js';
import { gaugesOf, pollerOf, pollerSettings } from './spout.js';

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
});
