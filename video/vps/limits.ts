import type { Probe, Rendition } from '../../platform/transcoder/transcoder.js';

export interface Limits {
  /** s */
  readonly seconds: number;
  /** Of one frame. */
  readonly pixels: number;
}

export const usualLimits: Limits = { seconds: 4 * 3600, pixels: 35_389_440 };

/** Of sound, kbit/s. */
const SOUND = 128;
/** Headers, playlists and pictures, also of the shortest video, bytes. */
const LEAST = 16 * 2 ** 20;

/** Why a video is refused before it is encoded; null where it is not. */
export function refusal({ seconds, pixels, width, height }: Probe, limits: Limits): string | null {
  if (!(seconds > 0)) return 'the file does not say how long the video is';
  if (seconds > limits.seconds)
    return `the video is ${Math.round(seconds)} s long, at most ${limits.seconds} s are taken`;
  if (pixels > limits.pixels)
    return `a frame of ${width} x ${height} is too large: at most ${limits.pixels} pixels are taken`;
  return null;
}

/** What an encode is about to write, by its bit rates, bytes. */
export const expectedBytes = ({ seconds }: Probe, renditions: readonly Rendition[]): number =>
  Math.ceil((renditions.reduce((sum, { bitrate }) => sum + bitrate, SOUND) * 1000 * seconds) / 8);

/** What it may write: rates are kept on average only, yet twice of them is no rate that anybody asked for. */
export const mostBytes = (expected: number): number => 2 * expected + LEAST;
