import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RuleSet } from '../model/rule.js';
import { compileRules, recompile } from './compile.js';
import { formatDiagnostic } from './diagnostics.js';

const rules = (text: string): RuleSet => recompile('sla.yaml', text);
const told = (text: string): readonly string[] => {
  const compiled = compileRules({ file: 'sla.yaml', text });
  return 'problems' in compiled ? compiled.problems.map(formatDiagnostic) : [];
};

describe('what YAML allows', () => {
  test('no rules at all, when the file says so', () => {
    expect(rules('version: 1\nslas: []\n')).toMatchObject({ rules: [], selections: [] });
  });

  test('numbers keep the text that was written', () => {
    const labels = { a: '007', b: '1.10', c: '12345678901234567890', d: '0x1F', e: '.inf', f: '1e3' };
    const written = Object.entries(labels).map(([name, text]) => `${name}: ${text}`);
    const rule = `{ alert: A, when: mean_latency > 1s, labels: { ${written.join(', ')} } }`;
    expect(rules(`version: 1\nslas:\n  - ${rule}\n`).rules[0]?.labels).toEqual(labels);
  });

  test('an alias stands for its anchor, anywhere', () => {
    const set = rules(`version: 1
defaults: { labels: { team: &team video } }
slas:
  - { alert: A, when: &slow mean_latency > 1s, labels: &labels { tier: *team }, by: [&route route] }
  - { alert: B, when: *slow, labels: *labels, by: [*route] }
`);
    const [a, b] = set.rules;
    expect(b).toEqual({ ...a, name: 'B', alert: 'B', line: 5 });
    expect(b?.labels).toEqual({ team: 'video', tier: 'video' });
  });

  test('a rule that stands twice by an alias is a twin', () => {
    expect(told('version: 1\nslas:\n  - &a { alert: A, when: mean_latency > 1s }\n  - *a\n')).toEqual([
      'sla.yaml:3:17 alert "A" stands twice: the first is in line 3',
    ]);
  });

  test('an anchor that contains itself is no endless loop', () => {
    expect(told('version: 1\nslas: &s\n  - *s\n')).toEqual(['sla.yaml:3:3 a rule must be a mapping']);
  });

  test('the mark of the encoding is no column', () => {
    expect(told('\ufeffvesion: 1\nslas: []\n')).toEqual([
      'sla.yaml:1:1 unknown key "vesion", did you mean "version"?',
      'sla.yaml:1:1 version is missing: begin the file with version: 1',
    ]);
  });

  test('lines that end as on Windows keep their places, and other bytes give another revision', () => {
    const text = 'version: 1\nslas:\n  - alert: A\n    when: mean_latency > 1s\n';
    const windows = rules(text.replaceAll('\n', '\r\n'));
    expect(windows.rules).toEqual(rules(text).rules);
    expect(windows.revision).not.toBe(rules(text).revision);
    expect(told('version: 1\r\nslas:\r\n  - alert: A\r\n    when: 5\r\n')).toEqual([
      'sla.yaml:4:11 "5" is no condition: write it like mean_latency > 300ms',
    ]);
  });

  test('a hundred rules, each with the line of its alert', () => {
    const names = Array.from({ length: 100 }, (_, i) => `Rule${String(i).padStart(3, '0')}`);
    const text = names.map((name) => `  - alert: ${name}\n    when: mean_latency > 1s\n`).join('');
    const set = rules(`version: 1\nslas:\n${text}`);
    expect(set.rules.map(({ line }) => line)).toEqual(names.map((_, i) => 3 + 2 * i));
    expect(set.selections).toHaveLength(1);
  });

  test('whatever is in a file, it compiles or is told why not, with places that are in it', () => {
    const folder = new URL('./testdata/', import.meta.url);
    const texts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
    const bits = [...'[]{}:?|>%!&*#~"\'\n\t\r-', '*a', '&a ', '<<: ', '  ', '!!binary ', '---', '__proto__'];
    const cut = fc.tuple(fc.nat(400), fc.nat(20), fc.constantFrom(...bits));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(cut, { minLength: 1, maxLength: 4 }), (whole, cuts) => {
        const text = cuts.reduce(
          (rest, [at, gone, bit]) => rest.slice(0, at) + bit + rest.slice(at + gone),
          whole,
        );
        const compiled = compileRules({ file: 'sla.yaml', text });
        const lines = text.split('\n');
        for (const { line, column, message } of 'problems' in compiled ? compiled.problems : []) {
          expect(message).toMatch(/^\P{Cc}+$/u);
          expect(column).toBeGreaterThan(0);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
