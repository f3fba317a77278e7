import { describe, expect, test } from 'vitest';
import { groups, HELP, readArgs } from './args.js';

describe('arguments of the benchmark', () => {
  test('without any, everything is measured but what needs another platform', () => {
    expect(readArgs([])).toEqual({
      json: false,
      profile: false,
      help: false,
      compare: null,
      records: 2_000_000,
      named: false,
      only: Object.keys(groups).filter((name) => name !== 'peers'),
    });
  });

  test('name what to measure, in the order in which it is measured', () => {
    expect(readArgs(['--only', 'log,engine', '--only', 'start']).only).toEqual(['start', 'engine', 'log']);
    expect(readArgs(['--only', 'peers']).only).toEqual(['peers']);
  });

  test.each([
    [['--only', 'engines'], /^--only engines is not known: give one of start, engine, /],
    [['--records', '1e9x'], '--records 1e9x is no whole number from 200000 on'],
    [['--records', '100'], '--records 100 is no whole number from 200000 on'],
    [['--jsno'], /^Unknown option '--jsno'.*; --help says what there is$/s],
    [['engine'], /--help says what there is$/],
  ])('%j is a mistake', (argv, message) => {
    expect(() => readArgs(argv)).toThrow(message);
  });

  test('are all in the help', () => {
    for (const name of Object.keys(groups)) expect(HELP).toContain(`\n  ${name} `);
  });
});
