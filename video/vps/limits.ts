import type { Probe } from '../../platform/transcoder/transcoder.js';

export interface Limits {
  /** s */
  readonly seconds: number;
  /** Of one frame. */
  readonly pixels: number;
}

export const usualLimits: Limits = { seconds: 4 * 3600, pixels: 35_389_440 };

/** Why a video is refused before it is encoded; null where it is not. */
export function refusal({ seconds, pixels, width, height }: Probe, limits: Limits): string | null {
  if (!(seconds > 0)) return 'the file does not say how long the video is';
  if (seconds > limits.seconds)
    return `the video is ${Math.round(seconds)} s long, at most ${limits.seconds} s are taken`;
  if (pixels > limits.pixels)
    return `a frame of ${width} x ${height} is too large: at most ${limits.pixels} pixels are taken`;
  return null;
}
