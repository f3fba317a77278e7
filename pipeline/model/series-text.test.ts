import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSeriesText } from './series-text.js';
import { normalLabels, seriesText } from './text.js';

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
const label = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,6}$/);
/** Whatever a label may hold, with what is escaped often among it. */
const value = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'\\"\n{},=na') }));

test('reads what seriesText writes', () => {
  fc.assert(
    fc.property(name, fc.dictionary(label, value), (family, labels) => {
      expect(parseSeriesText(seriesText(family, labels))).toEqual({
        name: family,
        labels: normalLabels(labels),
      });
    }),
  );
});

test.each([
  '',
  'name',
  'name{',
  '{a="x"',
  'name}',
  'name{a}',
  'name{a=x}',
  'name{a="x",}',
  'name{,}',
  'name{a="x"}}',
  'name{a="x" }',
  'name{a="\\x"}',
  'name{a="x\\"}',
  'name{a="x"}b="y"}',
  'name{a="x"b="y"}',
])('%s is no series text', (text) => {
  expect(parseSeriesText(text)).toBeNull();
});
