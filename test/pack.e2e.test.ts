import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './tidemark.js';

/** What the README says users may write, type-checked by itself. */
const readme =
  /```js\n(import .*? from 'tidemark\/testing'.*?)```/s.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
const compilerOptions = {
  strict: true,
  module: 'NodeNext',
  target: 'ES2023',
  lib: ['ES2023', 'DOM'],
  types: [],
};

test('the packed package works in an empty folder', async () => {
  using folder = temporaryFolder();
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: folder.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], { stdio: 'ignore' });
  const tarball = readdirSync(folder.path).find((name) => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(folder.path, 'package.json'), '{"private":true}');
  run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`);
  expect(existsSync(join(folder.path, 'node_modules', 'vitest'))).toBe(false);
  expect(run('npx', '--no-install', 'tidemark', 'check')).toContain('tidemark/sla.yaml: 6 rules');
  expect(run('npx', '--no-install', 'tidemark', 'demo', '--help')).toContain('tidemark/demo.yaml');

  writeFileSync(join(folder.path, 'rules.mts'), readme);
  writeFileSync(
    join(folder.path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['rules.mts'] }),
  );
  execFileSync(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', folder.path]);
  expect(run(process.execPath, 'rules.mjs')).toBe("[ [ 'CheckoutSlow', 'firing', 0.5 ] ]\n");

  const up = spawn(join('node_modules', '.bin', 'tidemark'), ['up', '--port', '0'], { cwd: folder.path });
  const exited = once(up, 'exit');
  let stderr = '';
  up.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const address = (): string | undefined => /listening on (http:[^"\s]+)/.exec(stderr)?.[1];
  await expect.poll(address, { timeout: 20_000 }).toBeDefined();
  expect((await fetch(`${address()}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${address()}/api/v1/alerts`)).json()).toEqual([]);
  up.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
