import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { temporaryFolder, tidemark, Up } from './tidemark.js';

const shell = (line: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)('bash', ['-c', `${line}; echo "$?"`]);

describe('mistakes', () => {
  test.each([
    [
      ['backtest', 'sla.yaml', '--file', 'a', '--prometheus', 'http://a'],
      '--file and --prometheus are two sources',
    ],
    [
      ['log', 'export', 'metrics', '--kafka-brokers', 'localhost:1'],
      'SCHEMA_REGISTRY_URL is missing: set it, or give --schema-registry-url',
    ],
    [
      ['log', 'export', 'metrics', '--kafka-brokers', 'localhost:1', '--data', '.'],
      '--data and --kafka-brokers are two logs: give one of them',
    ],
    [['log', 'export', 'metrics', '--data', '/nowhere'], 'or set KAFKA_BROKERS for that of a cluster'],
    [['up', '--prot', '1'], "unknown option '--prot'"],
    [['log', 'export'], "missing required argument 'topic'"],
    [['up', '--port', '0', '--host', '0.0.0.0'], 'at 0.0.0.0 alerts can be seen by whoever reaches it'],
    [['alerts', '-o', 'xml'], 'Allowed choices are text, wide, json'],
    [['alerts', '--url', 'localhost'], '"localhost" is no address: write it like http://localhost:8080'],
    [['load', '--register', '0', '--csv', '/nowhere/load.csv'], '/nowhere/load.csv cannot be written'],
    [['load', '--rate', '0'], '"0" is no number above 0'],
    [['demo', '--no-platform'], '--no-platform would leave a demo without traffic'],
  ])('in %j are told without a stack, with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await tidemark(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test.each([
    [
      ['up', '--port', '0', '--token', 'none', '--host', '192.0.2.1'],
      '192.0.2.1 is no address of this machine',
    ],
    [['up', '--port', '0', '--data', 'package.json'], 'EEXIST'],
    [['alerts', '--url', 'http://nowhere.invalid'], 'nothing answers there'],
    [
      [
        ...['log', 'export', 'metrics', '--kafka-brokers', 'localhost:1'],
        ...['--schema-registry-url', 'http://localhost:1'],
      ],
      'is a broker up at KAFKA_BROKERS',
    ],
  ])('%j cannot be done, which is one line, with exit code 1', async (args, message) => {
    using folder = temporaryFolder();
    const { code, stdout, stderr } = await tidemark(
      ...args,
      ...(args[0] === 'up' && !args.includes('--data') ? ['--data', folder.path] : []),
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^.*${message}.*\\n$`));
  });

  test('in the name of a variable are told, and what is meant', async () => {
    const { stdout, stderr } = await shell(
      `TIDEMARK_RETENTON=1h ${process.execPath} dist/cli/main.js check sla.yaml > /dev/null`,
    );
    expect([stdout, stderr]).toEqual([
      '0\n',
      'TIDEMARK_RETENTON is ignored: no command knows it, did you mean "TIDEMARK_RETENTION"?\n',
    ]);
  });

  test('a platform that refuses, and one that is none', async () => {
    const other = createServer((_, outgoing) => outgoing.end('<html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const page = await tidemark(
      'alerts',
      '--url',
      `http://127.0.0.1:${(other.address() as AddressInfo).port}`,
    );
    expect([page.code, page.stderr]).toEqual([1, expect.stringContaining('is --url right?')]);
    other.closeAllConnections();
    other.close();
    using folder = temporaryFolder();
    await using up = await Up.start('--data', folder.path, '--no-platform');
    const since = await tidemark('alerts', '--url', up.url, '--since', 'soon');
    expect([since.code, since.stderr]).toEqual([2, expect.stringContaining('since is')]);
    const bin = `${process.execPath} dist/cli/main.js`;
    // A folder that is typed goes before brokers that are set for other commands.
    const topic = await shell(`KAFKA_BROKERS=localhost:1 ${bin} log export nosuch --data ${folder.path}`);
    expect([topic.stdout, topic.stderr]).toEqual([
      '2\n',
      expect.stringContaining('there is no topic nosuch'),
    ]);
    const full = await shell(`${bin} log export metrics --data ${folder.path} > /dev/full`);
    expect([full.stdout, full.stderr]).toEqual(['1\n', expect.stringMatching(/^ENOSPC.*\n$/)]);
    const piped = await shell(`echo '{}' | ${bin} backtest sla.yaml --file /dev/stdin`);
    expect([piped.stdout, piped.stderr]).toEqual(['2\n', expect.stringContaining('--partitions')]);
  });
});
