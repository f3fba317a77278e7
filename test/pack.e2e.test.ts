import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './tidemark.js';

test('the packed package works in an empty folder', () => {
  using folder = temporaryFolder();
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: folder.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], { stdio: 'ignore' });
  const tarball = readdirSync(folder.path).find((name) => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(folder.path, 'package.json'), '{"private":true}');
  run('npm', 'install', '--no-audit', '--no-fund', `./${tarball}`);
  copyFileSync(resolve('sla.yaml'), join(folder.path, 'sla.yaml'));
  expect(run('npx', '--no-install', 'tidemark', 'check')).toContain('sla.yaml: 3 rules');
  expect(run('npx', '--no-install', 'tidemark', 'up', '--help')).toContain('TIDEMARK_PORT');
  expect(existsSync(join(folder.path, 'node_modules', 'vitest'))).toBe(false);
  expect(run('npm', 'ls', '--omit=dev')).toContain('tidemark@');
});
