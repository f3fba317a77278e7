import { describe, expect, test } from 'vitest';
import type { Probe } from '../../platform/transcoder/transcoder.js';
import { good } from './driver.fixture.js';
import { ladder } from './ladder.js';

const of = (width: number, height: number): Probe => ({ ...good, width, height });
const sizes = (width: number, height: number): string[] =>
  ladder(of(width, height), ['h264']).map((one) => `${one.width}x${one.height}`);

describe('the ladder', () => {
  test.each<[number, number, string[]]>([
    [1920, 1080, ['320x180', '640x360', '1280x720']],
    [1280, 720, ['320x180', '640x360', '1280x720']],
    [1279, 719, ['320x180', '640x360']],
    [1080, 1920, ['180x320', '360x640', '720x1280']],
    [640, 480, ['320x240', '640x480']],
    [320, 240, ['320x240']],
    [319, 239, ['318x238']],
    [160, 90, ['160x90']],
    [161, 91, ['160x90']],
    [640, 481, ['320x240', '640x480']],
    [854, 480, ['320x180', '640x360']],
    [1, 1, ['2x2']],
    [4000, 10, ['320x2', '640x2', '1280x4']],
  ])('of %i x %i has no size above it, and only even ones', (width, height, expected) => {
    expect(sizes(width, height)).toEqual(expected);
  });

  test('has every size in every codec, with the bit rate of each', () => {
    expect(ladder(of(640, 360), ['h264', 'vp9'])).toEqual([
      { codec: 'h264', width: 320, height: 180, bitrate: 350 },
      { codec: 'h264', width: 640, height: 360, bitrate: 1000 },
      { codec: 'vp9', width: 320, height: 180, bitrate: 245 },
      { codec: 'vp9', width: 640, height: 360, bitrate: 700 },
    ]);
  });
});
