import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from './tidemark.js';

const doc = readFileSync('docs/backtest.md', 'utf8');
const main = resolve('dist/cli/main.js');

const blocks = (language: string): readonly string[] =>
  [...doc.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text ?? '');

/** Commands of a console block, each with what it prints. */
const sessions = blocks('console').flatMap((block) =>
  block
    .split(/^\$ tidemark /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.trimEnd().split('\n');
      return [command, output.join('\n')] as const;
    }),
);

describe('the examples of docs/backtest.md', () => {
  const folder = temporaryFolder();
  beforeAll(() => {
    const [old = '', changed = ''] = blocks('yaml');
    writeFileSync(join(folder.path, 'sla.yaml'), old);
    writeFileSync(join(folder.path, 'new.yaml'), changed);
    writeFileSync(join(folder.path, 'metrics.mjs'), blocks('js')[0] ?? '');
    execFileSync(process.execPath, ['metrics.mjs'], { cwd: folder.path });
  });
  afterAll(() => folder[Symbol.dispose]());

  test('are four', () => {
    expect(sessions).toHaveLength(4);
  });

  test.each(sessions)('%s', (command, output) => {
    const [line = '', file] = command.split(' > ');
    const printed = execFileSync(process.execPath, [main, ...line.split(' ')], {
      ...{ cwd: folder.path, encoding: 'utf8', maxBuffer: 1 << 26 },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (file === undefined) expect(printed.trimEnd()).toBe(output);
    else writeFileSync(join(folder.path, file), printed);
  });

  test.each([
    ['2', '--diff sla.yaml', '--diff takes two rule files: give the new one behind the old one'],
    ['2', 'sla.yaml new.yaml', 'new.yaml is a second rule file: compare the two with --diff'],
    ['2', 'sla.yaml --fail-on-change', '--fail-on-change needs --diff'],
    ['2', 'sla.yaml --prometheus http://localhost:9090', '--from is missing: say how far back to read'],
    ['2', 'sla.yaml --prometheus nowhere --from 1d', '--prometheus: "nowhere" is no address'],
    ['2', 'sla.yaml --windows --file metrics.jsonl', '--windows needs -o text or -o json'],
    ['2', 'sla.yaml --partitions 2', 'a log says itself how many it has'],
    ['2', 'sla.yaml --file metrics.jsonl --from tomorrow', '--from is "tomorrow": give a duration back'],
    ['2', 'sla.yaml --data nowhere', 'there is no log in nowhere: name its folder with --data'],
    ['1', 'sla.yaml --prometheus http://127.0.0.1:1 --from 1d', '127.0.0.1:1'],
    [
      '1',
      '--diff sla.yaml new.yaml --file metrics.jsonl --fail-on-change',
      'alerts that fired: 4 by sla.yaml',
    ],
  ])('exit %s: tidemark backtest %s', (code, command, said) => {
    const args = [main, 'backtest', ...command.split(' ')];
    const run = (): string =>
      execFileSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8', stdio: 'pipe' });
    expect(run).toThrow(
      expect.objectContaining({ status: Number(code), stderr: expect.stringContaining(said) }),
    );
  });
});
