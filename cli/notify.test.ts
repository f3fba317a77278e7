import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { Driver } from '../pipeline/notify/driver.fixture.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { temporaryFolder } from '../test/tidemark.js';
import { notifierMaker, receiversOf } from './notify.js';
import { pause } from './pause.js';
import { notifyNames } from './settings/notify.js';
import { optionsOf, readOptions } from './settings.js';

function receivers(...args: string[]): string[] {
  const command = new Command('notify');
  for (const option of optionsOf(notifyNames)) command.addOption(option);
  const settings = readOptions(notifyNames, command.parse(args, { from: 'user' }).opts());
  return receiversOf(settings).map(({ name }) => name);
}

describe('the receivers of alerts', () => {
  test('are nobody, unless they are named', () => {
    expect(receivers()).toEqual([]);
  });

  test('are all Alertmanagers, and the webhook', () => {
    const named = ['--alertmanager', 'http://a:9093, https://b/am/', '--webhook', 'http://hook/x?token=1'];
    expect(receivers(...named)).toEqual(['alertmanager a:9093', 'alertmanager b/am', 'webhook hook/x']);
  });

  test('may have a secret in a file', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'secret');
    writeFileSync(file, 'tides\n');
    expect(receivers('--webhook', 'http://hook', '--webhook-secret-file', file)).toEqual(['webhook hook']);
    writeFileSync(file, '\n');
    const named = ['--webhook', 'http://hook', '--webhook-secret-file', file];
    expect(() => receivers(...named)).toThrow(`${file} is empty`);
  });

  test.each([
    [
      ['--alertmanager', 'am:9093'],
      '"am:9093" is no address: write them like http://host:9093,http://host:9093',
    ],
    [['--alertmanager', 'http://a,http://a'], '--alertmanager (TIDEMARK_ALERTMANAGER): names one twice'],
    [
      ['--webhook', 'hook'],
      '--webhook (TIDEMARK_WEBHOOK): "hook" is no address: write it like https://host/path',
    ],
    [
      ['--webhook-secret', 'x'],
      'a webhook secret is set, but no webhook: set TIDEMARK_WEBHOOK to its address',
    ],
    [
      ['--webhook', 'http://hook', '--webhook-secret-file', '/none'],
      '(TIDEMARK_WEBHOOK_SECRET_FILE): ENOENT',
    ],
    [
      ['--webhook', 'http://hook', '--webhook-secret', 'x', '--webhook-secret-file', '/none'],
      'TIDEMARK_WEBHOOK_SECRET and TIDEMARK_WEBHOOK_SECRET_FILE are both set: leave one out',
    ],
    [['--external-url', 'here'], '--external-url (TIDEMARK_EXTERNAL_URL): "here" is no address'],
    [['--watchdog-after', '10'], '--watchdog-after (TIDEMARK_WATCHDOG_AFTER)'],
  ])('%j is a mistake, told with the way out', (args, told) => {
    expect(() => receivers(...args)).toThrow(told);
  });
});

test('who stands by says nothing of the watchdog, and who hands over does', async () => {
  await using driver = await Driver.create();
  const { log, store } = driver;
  const registry = new Registry();
  const say = (): void => undefined;
  const make = notifierMaker(
    { log, store, codec: embeddedCodec(), receivers: [], pause, say, staleAfter: 60_000 },
    registry,
  );
  expect(await registry.metrics()).not.toMatch(/^tidemark_watchdog_firing/m);
  const ended = new AbortController();
  const running = make().run(ended.signal);
  expect(await registry.metrics()).toMatch(/^tidemark_watchdog_firing 0$/m);
  ended.abort();
  await running;
  expect(await registry.metrics()).not.toMatch(/^tidemark_watchdog_firing/m);
});
