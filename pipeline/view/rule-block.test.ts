import { describe, expect, test } from 'vitest';
import { ruleBlock } from './rule-block.js';

const TEXT = `version: 1
slas:
  # Too slow.
  - alert: Slow
    when: mean_latency > 1s

    # Remarks of its own.
    labels:
      # Who is paged.
      team: tides
    # Further ones.

  # Out of memory.
  - alert: Full
    when: avg > 1e9
  # - alert: Off
  #   when: max > 2e9
# The end.
`;
const lineOf = (alert: string): number =>
  TEXT.split('\n').findIndex((line) => line.includes(`- alert: ${alert}`)) + 1;

describe('the text of a rule', () => {
  test('has the remarks within it, and not those above the next one', () => {
    expect(ruleBlock(TEXT, lineOf('Slow'))).toBe(
      TEXT.slice(TEXT.indexOf('  - alert: Slow'), TEXT.indexOf('\n\n  # Out of memory')),
    );
  });

  test('ends with the file for the last one, without the remarks below', () => {
    expect(ruleBlock(TEXT, lineOf('Full'))).toBe('  - alert: Full\n    when: avg > 1e9');
  });

  test('is a line where the rule is one', () => {
    const line = '  - { alert: A, when: max > 1 }';
    expect(ruleBlock(`slas:\n${line}\n  - { alert: B, when: max > 2 }\n`, 2)).toBe(line);
  });
});
