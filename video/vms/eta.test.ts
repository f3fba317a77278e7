import { expect, test } from 'vitest';
import { NOW, video } from './driver.fixture.js';
import { etaSeconds } from './eta.js';
import type { Encoding, Video } from './records.js';

/** An encode that began at NOW, and was at this share after so many s. */
const at = (progress: number, seconds: number, from = 0): { readonly encoding: Encoding } => ({
  encoding: { since: NOW, from, at: NOW + seconds * 1000, progress },
});

test.each<[string, Partial<Video>, number, number | null]>([
  ['nothing is encoded', {}, 5, null],
  ['it has just begun', at(0, 0), 5, null],
  ['it has not advanced', at(0, 3), 5, null],
  ['two times are one', at(0.5, 0), 5, null],
  ['half of it took 10 s', at(0.5, 10), 10, 10],
  ['time has gone by since', at(0.5, 10), 14, 6],
  ['it is overdue', at(0.5, 10), 50, 0],
  ['this clock is behind the other', at(0.5, 10), 2, 10],
  ['the begin was missed', at(0.5, 5, 0.25), 5, 10],
  ['it is a part of a second', at(0.9, 1), 1, 1],
  ['it is done', { ...at(0.9, 10), state: 'available' }, 10, null],
  ['it has failed', { ...at(0.9, 10), state: 'notAvailable' }, 10, null],
])('where %s: %o, %d s after the begin, in %s s', (_, more, seconds, expected) => {
  expect(etaSeconds(video(more), NOW + seconds * 1000)).toBe(expected);
});
