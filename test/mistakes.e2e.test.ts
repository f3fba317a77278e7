import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
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
    [['load', '--rate', '0'], '--rate: "0" is no number above 0'],
    [['load', '--hit', '2'], '--hit: "2" is no probability from 0 to 1'],
    [['load', '--list', 'x'], '--list: "x" is no whole number from 0 on'],
    [['check', '--against', 'localhost:9090'], '--against: "localhost:9090" is no address'],
    [
      ['check', '--prometheus-username', 'me', '--against', 'http://localhost:1'],
      'PROMETHEUS_PASSWORD belong',
    ],
    [['test', '/nowhere/sla.test.yaml'], '/nowhere/sla.test.yaml:1:1 cannot be read: ENOENT'],
    [['test', 'examples/checkout.test.yaml', '--match', 'nobody'], 'no test has "nobody" in its name'],
    [
      ['test', 'examples/checkout.test.yaml', '--junit', '/nowhere/results.xml'],
      '/nowhere/results.xml cannot be written',
    ],
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
    [['check', '--against', 'http://localhost:1'], 'localhost:1 does not answer: ECONNREFUSED'],
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

  test('that are none are warned of, and end with 2 where that is asked for', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'sla.yaml');
    writeFileSync(file, 'version: 1\nslas: [{ alert: A, when: error_ratio > 200% }]\n');
    for (const [args, code] of [
      [['check', file, '--scrape-interval', '20s'], 0],
      [['check', file, '--scrape-interval', '20s', '--strict'], 2],
    ] as const) {
      const run = await tidemark(...args);
      expect([run.code, run.stdout]).toEqual([code, expect.stringMatching(/: 1 rules, .*, 3 warnings\n$/)]);
      expect(run.stderr).toContain(`${file}:2:26 warning: this can never hold`);
      expect(run.stderr).toContain('30s is shorter than two scrapes, which are 20s apart');
    }
  });

  test('of rules are found by their tests, which end with 1 and say them in XML too', async () => {
    using folder = temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    writeFileSync(at('sla.yaml'), 'version: 1\nslas: [{ alert: A, match: jobs, by: [], when: max > 5 }]\n');
    const tests = `rule_files: [sla.yaml]
tests:
  - { name: quiet, input_series: [{ series: jobs, values: 5x4 }], expect: [] }
  - { name: loud, input_series: [{ series: jobs, values: 6x4 }], expect: [] }
`;
    writeFileSync(at('a.test.yaml'), tests);
    const { code, stdout, stderr } = await tidemark('test', at('a.test.yaml'), '--junit', at('results.xml'));
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^ok .* quiet\nFAIL .* loud\n(?:.*\n)+1 passed, 1 failed\n$/);
    expect(readFileSync(at('results.xml'), 'utf8')).toContain('tests="2" failures="1"');
    expect((await tidemark('test', at('a.test.yaml'), '--match', 'quiet')).code).toBe(0);
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
