import { expect, test } from 'vitest';
import { traceIdOf } from './trace-parent.js';

const id = '4bf92f3577b34da6a3ce929d0e0e4736';

test.each([
  [`00-${id}-00f067aa0ba902b7-01`, id],
  [`cc-${id}-00f067aa0ba902b7-01-what-comes-later`, id],
  [`ff-${id}-00f067aa0ba902b7-01`, null],
  [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, null],
  [`00-${id.toUpperCase()}-00f067aa0ba902b7-01`, null],
  [`00-${id}-00f067aa0ba902b7`, null],
  ['', null],
  [null, null],
])('the trace of %s is %s', (header, expected) => {
  expect(traceIdOf(header)).toBe(expected);
});
