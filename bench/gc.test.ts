import { expect, test } from 'vitest';
import { overlap, type Span } from './gc.js';

const span = (from: number, to: number): Span => ({ from, to });

test.each<[name: string, pauses: Span[], spans: Span[], ms: number]>([
  ['none', [], [span(0, 10)], 0],
  ['one within', [span(2, 5)], [span(0, 10)], 3],
  ['one beside', [span(12, 15)], [span(0, 10), span(20, 30)], 0],
  ['one over an edge', [span(8, 15)], [span(0, 10)], 2],
  ['one over two spans', [span(8, 25)], [span(0, 10), span(20, 30)], 7],
  ['several in several', [span(1, 2), span(3, 4), span(21, 22)], [span(0, 10), span(20, 30)], 3],
])('pauses: %s', (_, pauses, spans, ms) => {
  expect(overlap(pauses, spans)).toBeCloseTo(ms / 1000, 9);
});
