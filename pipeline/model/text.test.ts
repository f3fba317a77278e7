import { describe, expect, test } from 'vitest';
import { byCodeUnits, escapeValue, groupText, normalLabels, printable, seriesText } from './text.js';

describe('a group text', () => {
  test.each<[Record<string, string>, string]>([
    [{}, '{}'],
    [{ b: 'y', a: 'x' }, '{a="x",b="y"}'],
    [{ a: '', b: 'y' }, '{b="y"}'],
    [{ a: '' }, '{}'],
    [{ b: '1', B: '2', _: '3', a: '4' }, '{B="2",_="3",a="4",b="1"}'],
    [{ a: 'C:\\x "y"\n' }, '{a="C:\\\\x \\"y\\"\\n"}'],
    [{ a: 'tab\t, {é} 😀' }, '{a="tab\t, {é} 😀"}'],
  ])('of %j is %s', (labels, text) => {
    expect(groupText(labels)).toBe(text);
    expect(seriesText('name', labels)).toBe(`name${text}`);
  });
});

test('texts are sorted by UTF-16 code units, not by code points or locale', () => {
  const sorted = ['\u{ffff}', '\u{1f600}', 'é', 'z', 'a', 'Z', '10', '9', ''].sort(byCodeUnits);
  expect(sorted).toEqual(['', '10', '9', 'Z', 'a', 'z', 'é', '\u{1f600}', '\u{ffff}']);
  expect(byCodeUnits('a', 'a')).toBe(0);
});

test('a value without anything to escape stays as it is', () => {
  expect(escapeValue('/vms/videos/:id')).toBe('/vms/videos/:id');
});

test('normal labels have sorted keys and no empty values', () => {
  expect(Object.entries(normalLabels({ b: 'y', c: '', a: 'x' }))).toEqual([
    ['a', 'x'],
    ['b', 'y'],
  ]);
});

test('a printable text stays on one line and steers no terminal', () => {
  expect(printable('é 😀 "\\"')).toBe('é 😀 "\\"');
  expect(printable('\n\r\t\x1b[2J\x7f\x9b')).toBe('\\n\\r\\t\\u001b[2J\\u007f\\u009b');
});
