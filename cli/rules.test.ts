import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { check } from './check.js';
import { loadRules } from './rules.js';
import { UsageError } from './usage-error.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (content: string | Buffer): string => {
  const file = join(folder, 'sla.yaml');
  writeFileSync(file, content);
  return file;
};
const rule = 'version: 1\nslas:\n  - alert: A\n    when: mean_latency > 1s\n';

test('a rule file is known by its path as given', () => {
  const file = fileOf(rule);
  expect(loadRules(file).rules.map(({ alert, file, line }) => ({ alert, file, line }))).toEqual([
    { alert: 'A', file, line: 3 },
  ]);
});

test('its revision is that of its bytes, the mark of their encoding among them', () => {
  // printf '\357\273\277version: 1\nslas: []\n' | sha256sum
  expect(loadRules(fileOf('\ufeffversion: 1\nslas: []\n')).revision).toBe('ac35ac76f15d');
});

test('every mistake is a line', () => {
  const file = fileOf('version: 2\nslas: {}\n');
  expect(() => loadRules(file)).toThrow(
    new UsageError(`${file}:1:10 version must be 1\n${file}:2:7 slas must be a list`),
  );
});

test.each([
  ['is not there', () => join(folder, 'none.yaml'), 'ENOENT'],
  ['is a folder', () => folder, 'EISDIR'],
  ['is no UTF-8', () => fileOf(Buffer.from(`${rule}# caf\xe9\n`, 'latin1')), 'not valid'],
])('a file that %s cannot be read', (_, file, reason) => {
  const path = file();
  expect(() => loadRules(path)).toThrow(UsageError);
  expect(() => loadRules(path)).toThrow(`${path}:1:1 cannot be read: `);
  expect(() => loadRules(path)).toThrow(reason);
});

test('the rules that the README shows are rules', () => {
  const shown = [...readFileSync('README.md', 'utf8').matchAll(/```yaml\n(version: 1\n.*?)```/gs)].map(
    ([, text]) => loadRules(fileOf(text ?? '')),
  );
  expect(shown.map(({ rules }) => rules.length)).toEqual([2, 1, 3, 6]);
  expect(shown.flatMap((rules) => check(rules, 5_000).warnings)).toEqual([]);
});
