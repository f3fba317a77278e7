import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AlertRecord } from '../schemas/types.js';
import { temporaryFolder, Up } from './tidemark.js';

const SOON = { timeout: 30_000, interval: 100 };
const ruleFile = (threshold: string, more = ''): string => `version: 1
slas:
  - { alert: Slow, by: [route], window: 1s, when: mean_latency > ${threshold} }
${more}`;

/** A folder as Kubernetes mounts a ConfigMap: what is in it are links, and one swap changes them all. */
function configMap(folder: string): { readonly file: string; write(text: string): void } {
  let version = 0;
  const write = (text: string): void => {
    const name = `..${version++}`;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'sla.yaml'), text);
    symlinkSync(name, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  symlinkSync(join('..data', 'sla.yaml'), join(folder, 'sla.yaml'));
  return { file: join(folder, 'sla.yaml'), write };
}

test('rules change under tidemark up, by the file or at SIGHUP, and bad ones leave it as it is', async () => {
  let count = 0;
  const server = createServer((_, outgoing) => {
    count += 5;
    const name = 'http_request_duration_seconds';
    outgoing.end(
      `# TYPE ${name} histogram\n${name}_count{route="/a"} ${count}\n${name}_sum{route="/a"} ${count / 10}\n` +
        '# TYPE depth gauge\ndepth 7\n',
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  using folder = temporaryFolder();
  const { file, write } = configMap(folder.path);
  write(ruleFile('50ms'));
  const target = `a=http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const args = ['--no-platform', '--target', target, '--scrape-interval', '200ms', '--sla', file];
  await using up = await Up.start(...args, '--data', join(folder.path, 'data'));
  const get = async (path: string): Promise<string> => (await fetch(up.url + path)).text();
  const alerts = async (): Promise<(string | null)[][]> => {
    const found: AlertRecord[] = JSON.parse(await get('/api/v1/alerts?since=1h'));
    return found.map(({ alert, state, reason }) => [alert, state, reason]);
  };
  const metric = async (name: string): Promise<string | undefined> =>
    (await get('/metrics')).split('\n').find((line) => line.startsWith(`tidemark_rules_${name}`));
  await expect.poll(alerts, SOON).toContainEqual(['Slow', 'firing', null]);

  const changed = ruleFile(
    '10s',
    '  - { alert: Deep, match: depth, by: [job], window: 1s, when: max > 5 }\n',
  );
  write(changed);
  await expect.poll(alerts, SOON).toContainEqual(['Slow', 'resolved', 'rule_changed']);
  // A gauge that no rule named before is scraped now.
  await expect.poll(alerts, SOON).toContainEqual(['Deep', 'firing', null]);
  const revision = /info\{revision="(.*?)"\} 1/.exec((await metric('info')) ?? '')?.[1];
  expect(JSON.parse(await get('/api/v1/status'))).toMatchObject({ rules: { file, revision, count: 2 } });
  expect(JSON.parse(await get(`/api/v1/rules/${revision}`))).toMatchObject({ text: changed });

  write(changed.replace('max >', 'maxx >'));
  up.child.kill('SIGHUP');
  await expect.poll(() => metric('reload_failed'), SOON).toMatch(/ 1$/);
  await expect
    .poll(() => up.stderr, SOON)
    .toContain(`${file}:4:63 unknown measure \\"maxx\\", did you mean \\"max\\"?`);
  expect(await metric('info')).toContain(revision);
  const problem = async (): Promise<unknown> => JSON.parse(await get('/api/v1/status')).rules.problem;
  await expect.poll(problem, SOON).toContain(`${file}:4:63 unknown measure "maxx"`);

  write(changed);
  up.child.kill('SIGHUP');
  await expect.poll(() => metric('reload_failed'), SOON).toMatch(/ 0$/);
  await expect.poll(() => up.stderr, SOON).toContain(`the rules are still those of revision ${revision}`);
  expect(await problem()).toBeNull();
  expect(await up.end('SIGTERM')).toBe(0);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
