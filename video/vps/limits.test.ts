import { expect, test } from 'vitest';
import type { Probe } from '../../platform/transcoder/transcoder.js';
import { good } from './driver.fixture.js';
import { refusal, usualLimits } from './limits.js';

test.each<[string, Partial<Probe>, string | null]>([
  ['what is usual', {}, null],
  ['what is just short enough', { seconds: 4 * 3600 }, null],
  ['what is just small enough', { pixels: usualLimits.pixels }, null],
  ['no length', { seconds: 0 }, 'the file does not say how long the video is'],
  ['a length that is no number', { seconds: Number.NaN }, 'the file does not say how long the video is'],
  ['a negative length', { seconds: -1 }, 'the file does not say how long the video is'],
  ['an endless length', { seconds: Infinity }, 'the video is Infinity s long, at most 14400 s are taken'],
  ['too long a video', { seconds: 14_401 }, 'the video is 14401 s long, at most 14400 s are taken'],
  [
    'too large a frame',
    { pixels: usualLimits.pixels + 1, width: 8192, height: 4321 },
    'a frame of 8192 x 4321 is too large: at most 35389440 pixels are taken',
  ],
])('judges %s', (_, odd, reason) => {
  expect(refusal({ ...good, ...odd }, usualLimits)).toBe(reason);
});
