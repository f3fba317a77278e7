import { expect, test } from 'vitest';
import { compileRules } from './compile.js';

const check = (window: string, every: string): readonly string[] => {
  const text = `version: 1\nslas:\n  - { alert: A, window: ${window}, every: ${every}, when: mean_latency > 1s }\n`;
  const compiled = compileRules({ file: 'sla.yaml', text });
  return 'rules' in compiled ? [] : compiled.problems.map(({ message }) => message);
};

test.each([
  ['90m', '7m'],
  ['90m', '4m'],
  ['90m', '4m30s'],
  ['2h', '8m'],
  ['25h', '25m'],
  ['25h', '50m'],
  ['3d', '7s'],
  ['3d', '7h'],
  ['30d', '11m'],
  ['7d', '45s'],
  ['63m', '7m'],
  ['61m', '61s'],
  ['61m', '10m'],
  ['26h', '13m'],
  ['1501m', '19m'],
])(
  'window %s with every %s: what each message names as the nearest is no mistake any more',
  (window, every) => {
    let settings = { window, every };
    const said: string[] = [];
    for (let left = 2; left > 0; left--) {
      const [message = ''] = check(settings.window, settings.every);
      const [, near = ''] = /the nearest (?:that (?:does|is) )?is (\w+)$/.exec(message) ?? [];
      if (message === '') break;
      said.push(message);
      settings = /window must be/.test(message)
        ? { ...settings, window: near }
        : { ...settings, every: near };
      // The length first, and then what divides it: each is said once.
      expect(check(settings.window, settings.every).join()).not.toMatch(/window must be/);
    }
    expect(check(settings.window, settings.every), said.join('\n')).toEqual([]);
  },
);
