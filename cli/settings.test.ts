import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { authorityOf } from './authority.js';
import { platformOptions, readOptions, readSettings, type Settings } from './settings.js';

afterEach(() => vi.unstubAllEnvs());

function settingsOf(...args: string[]): Settings {
  const command = new Command('up');
  for (const option of platformOptions()) command.addOption(option);
  return readSettings(command.parse(args, { from: 'user' }).opts());
}

describe('settings', () => {
  test('come from flags, then the environment, then defaults', () => {
    vi.stubEnv('TIDEMARK_PORT', '9000');
    vi.stubEnv('TIDEMARK_DATA', '/var/lib/tidemark');
    vi.stubEnv('TIDEMARK_TARGET', 'a=http://a:1/metrics');
    expect(settingsOf('--port', '9001')).toMatchObject({
      port: 9001,
      data: '/var/lib/tidemark',
      target: [{ name: 'a', url: 'http://a:1/metrics' }],
      scrapeInterval: 5_000,
      platform: true,
    });
  });

  test.each([
    ['1', false],
    ['true', false],
    ['false', true],
    ['0', true],
    ['', true],
  ])('TIDEMARK_NO_PLATFORM=%s leaves the platform %s', (value, platform) => {
    vi.stubEnv('TIDEMARK_NO_PLATFORM', value);
    expect(settingsOf().platform).toBe(platform);
  });

  test('are all told by the help, with their variables', () => {
    const command = new Command('up');
    for (const option of platformOptions()) command.addOption(option);
    const help = command.helpInformation().replaceAll(/\s+/g, ' ');
    const flags = [...help.matchAll(/--(?:no-)?[a-z-]+(?= )/g)]
      .map(([flag]) => flag)
      .filter((one) => one !== '--help');
    expect(flags.length).toBeGreaterThan(12);
    for (const flag of flags)
      expect(help).toContain(`env: TIDEMARK_${flag.slice(2).replaceAll('-', '_').toUpperCase()})`);
  });

  test.each([
    [['--port', ''], '--port (TIDEMARK_PORT): is no number'],
    [['--port', '65536'], '--port (TIDEMARK_PORT): must be 65535 at most'],
    // A timer of more than 24.8 days fires at once.
    [['--timeout', '30d'], '--timeout (TIDEMARK_TIMEOUT): must be 1d at most'],
    [['--scrape-interval', '2d'], '--scrape-interval (TIDEMARK_SCRAPE_INTERVAL): must be 1d at most'],
    [
      ['--target', 'a=http://a:1/metrics', '--target', 'a=http://a:1/other'],
      '--target (TIDEMARK_TARGET): there are two targets a at a:1: give each a name of its own',
    ],
    [['--stall-after', '6m'], '--stall-after (TIDEMARK_STALL_AFTER): must be from 1s to 5m'],
    [['--encode-memory', '100MB'], '--encode-memory (TIDEMARK_ENCODE_MEMORY): must be 256MB at least'],
    [['--encode-threads', '0'], '--encode-threads (TIDEMARK_ENCODE_THREADS): must be from 1 to 64'],
  ])('refuse %j', (args, message) => {
    expect(() => settingsOf(...args)).toThrow(message);
  });

  test.each(['broker', '[::1]:9092', 'a:1,'])('refuse %s as brokers', (list) => {
    expect(() => readOptions(['kafkaBrokers'], { kafkaBrokers: list })).toThrow('is no list of brokers');
  });

  test.each([
    ['redisUrl', '', '--redis-url (REDIS_URL): is set, but empty: write it like redis://host:port'],
    ['leaseUrl', '', '--redis-url (REDIS_URL): is set, but empty: write it like redis://host:port, or none'],
    ['leaseUrl', 'redis', '--redis-url (REDIS_URL): is no address: write it like redis://host:port, or none'],
  ] as const)('refuse %s of "%s"', (name, redisUrl, message) => {
    expect(() => readOptions([name], { redisUrl })).toThrow(message);
  });

  test.each(['x', '0', '-1'])('refuse %s copies', (kafkaReplication) => {
    expect(() => readOptions(['kafkaReplication'], { kafkaReplication })).toThrow(
      '--kafka-replication (KAFKA_REPLICATION): is no whole number from 1 on',
    );
    expect(readOptions(['kafkaReplication'], { kafkaReplication: '' })).toEqual({ kafkaReplication: null });
  });

  test('take none for no lease', () => {
    expect(readOptions(['leaseUrl'], { redisUrl: 'none' })).toEqual({ leaseUrl: null });
  });

  test('take an origin as browsers say it, and nothing more than one', () => {
    const given = (gatewayUrl: string) => () => readOptions(['gatewayUrl'], { gatewayUrl });
    expect(given('https://Videos.example:443/')()).toEqual({ gatewayUrl: 'https://videos.example' });
    expect(given('none')()).toEqual({ gatewayUrl: null });
    expect(given('http://a:8080/vms')).toThrow(
      '--gateway-url (TIDEMARK_GATEWAY_URL): http://a:8080/vms is more than an origin: write http://a:8080',
    );
    expect(given('videos.example')).toThrow('is no address: write it like http://host:port, or none');
  });

  test('take an authority for an address with TLS alone', () => {
    expect(() => authorityOf('redis://:secret@a', 'REDIS_CA', 'ca.pem')).toThrow(
      'REDIS_CA is set, but redis:// is without TLS: use https:// or rediss://',
    );
    expect(() => authorityOf('rediss://a', 'REDIS_CA', 'nowhere.pem')).toThrow('REDIS_CA: ENOENT');
    expect(authorityOf('redis://a', 'REDIS_CA', '')).toEqual({});
  });

  test('take two targets of one name at different places, and of different names at one', () => {
    const args = ['a=http://a:1/', 'a=http://a:2/', 'b=http://a:1/'].flatMap((one) => ['--target', one]);
    expect(settingsOf(...args).target).toHaveLength(3);
  });
});
