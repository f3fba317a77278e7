import { describe, expect, test } from 'vitest';
import { checkMachine, compare, formatComparison, losses, type Result, readResult } from './compare.js';

const machine = { cpu: 'A 1', cpus: 2, node: '20.1.0' };
const of = (phases: Readonly<Record<string, number>>): Result => ({
  machine,
  throughput: Object.entries(phases).map(([name, perSecond]) => ({ name, records: 2 * perSecond, cpu: 2 })),
});

describe('a comparison with a stored result', () => {
  test('is of the phases that both have, by CPU time; from 0.85 on it is no loss', () => {
    const ratios = compare(of({ a: 850, b: 849, c: 7 }), of({ a: 1000, b: 1000, d: 9 }));
    expect(ratios).toEqual([
      { name: 'a', before: 1000, now: 850, ratio: 0.85 },
      { name: 'b', before: 1000, now: 849, ratio: 0.849 },
    ]);
    expect(losses(ratios).map(({ name }) => name)).toEqual(['b']);
    expect(formatComparison(ratios)).toBe(
      [
        'records per CPU-second  before  now  ratio',
        'a                        1,000  850  0.85x',
        'b                        1,000  849  0.85x  below 0.85',
      ].join('\n'),
    );
  });

  test('needs a phase in common', () => {
    expect(() => compare(of({ a: 1 }), of({ b: 1 }))).toThrow('no phase in common');
  });

  test('refuses a machine of another class, and says what differs', () => {
    expect(() => checkMachine(machine, of({}), 'x.json')).not.toThrow();
    expect(() => checkMachine({ ...machine, cpu: 'B 2', node: '22.0.0' }, of({}), 'x.json')).toThrow(
      'x.json was measured on a machine of another class (cpu A 1 there, B 2 here; node 20.1.0 there, 22.0.0 here): measure it anew here, with --json',
    );
    expect(() => checkMachine({ ...machine, cpus: 4 }, of({}), 'x.json')).toThrow('cpus 2 there, 4 here');
  });

  test.each([
    ['{', 'x.json is no JSON: write it with --json'],
    ['[]', 'x.json is no result of this benchmark'],
    ['{"machine":{"cpu":"A","cpus":"2","node":"20"},"throughput":[]}', 'machine.cpus'],
  ])('refuses %s', (text, message) => {
    expect(() => readResult(text, 'x.json')).toThrow(message);
  });

  test('reads what was written', () => {
    expect(readResult(JSON.stringify({ ...of({ a: 1 }), more: 1 }), 'x.json')).toEqual(of({ a: 1 }));
  });
});
