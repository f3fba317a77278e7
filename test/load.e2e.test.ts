import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder, tidemark, Up } from './tidemark.js';

test('load drives the gateway at a rate, and writes a row for every request', async () => {
  using folder = temporaryFolder();
  await using up = await Up.start('--data', join(folder.path, 'data'), '--scrape-interval', '500ms');
  const csv = join(folder.path, 'load.csv');
  const since = performance.now();
  const { code, stdout } = await tidemark(
    ...['load', '--url', up.url, '--register', '3', '--list', '40', '--get', '40', '--hit', '1'],
    ...['--rate', '40', '--csv', csv],
  );
  const seconds = (performance.now() - since) / 1000;
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^89 requests, 0 failed, p50 \S+ ms, p99 \S+ ms\n$/),
  ]);
  expect(seconds).toBeGreaterThan(82 / 40);
  const [header, ...rows] = readFileSync(csv, 'utf8').trim().split('\n');
  expect(header).toBe('time,method,uri,status,latency_ms,bytes_out,bytes_in');
  expect(rows).toHaveLength(89);
  const kinds = rows.map((row) => {
    const [time = '', method, uri = '', status, latency, out, bytesIn] = row.split(',');
    expect(Number.isNaN(Date.parse(time))).toBe(false);
    expect([latency, out, bytesIn].every((number) => Number(number) >= 0)).toBe(true);
    return `${method} ${uri.replace(/[^/]+$/, (last) => (last.length > 20 || last.startsWith('none') ? ':id' : last))} ${status}`;
  });
  const counted = (kind: string): number => kinds.filter((one) => one === kind).length;
  expect(counted('POST /vms/users/register 201')).toBe(3);
  expect(counted('POST /vms/videos 201')).toBe(3);
  expect(counted('POST /vms/videos/:id 202')).toBe(3);
  expect(counted('GET /vms/videos 200')).toBe(40);
  // A video that is encoded by then is a redirect.
  expect(counted('GET /vms/videos/:id 404') + counted('GET /vms/videos/:id 301')).toBe(40);
  // What the gateway counted is what the client sent.
  const metrics = await (await fetch(`${up.url}/metrics`)).text();
  expect(metrics).toContain(
    'http_requests_total{service="gateway",route="/vms/videos",method="GET",status="200"} 40',
  );
});

test('load says what the first failure was', async () => {
  using folder = temporaryFolder();
  await using up = await Up.start('--data', join(folder.path, 'data'));
  const load = (url: string, register: string): ReturnType<typeof tidemark> =>
    tidemark(
      'load',
      '--url',
      url,
      '--video',
      'package.json',
      '--register',
      register,
      '--list',
      '1',
      '--get',
      '0',
    );
  const refused = await load(up.url, '1');
  expect([refused.code, refused.stdout]).toEqual([0, expect.stringContaining('4 requests, 1 failed')]);
  expect(refused.stderr).toMatch(
    /^the first that failed: POST \/vms\/videos\/\S+: 415 the file is no mp4\n$/,
  );
  await up.end('SIGTERM');
  const down = await load(up.url, '0');
  expect([down.code, down.stderr]).toEqual([
    1,
    expect.stringMatching(/GET \/vms\/videos: no answer, .*ECONNREFUSED/),
  ]);
});
