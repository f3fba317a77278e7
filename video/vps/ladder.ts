import type { Probe, Rendition } from '../../platform/transcoder/transcoder.js';

interface Rung {
  /** Pixels of the longer side. */
  readonly long: number;
  /** kbit/s */
  readonly h264: number;
  readonly vp9: number;
}

const rungs: readonly Rung[] = [
  { long: 320, h264: 350, vp9: 245 },
  { long: 640, h264: 1000, vp9: 700 },
  { long: 1280, h264: 3000, vp9: 2100 },
];

/** The qualities of a video: none larger than the input, even sizes; a tiny input keeps its own size. */
export function ladder(
  { width, height }: Probe,
  codecs: readonly Rendition['codec'][],
): readonly Rendition[] {
  const long = Math.max(width, height);
  const lowest = rungs[0] as Rung;
  const fitting = rungs.filter((rung) => rung.long <= long);
  const used = fitting.length > 0 ? fitting : [{ ...lowest, long }];
  return codecs.flatMap((codec) =>
    used.map((rung) => ({ codec, ...sized({ width, height }, rung.long), bitrate: rung[codec] })),
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The even size of the same shape whose longer side has so many pixels. */
export function sized({ width, height }: Size, side: number): Size {
  const long = Math.max(width, height);
  return { width: even((width * side) / long), height: even((height * side) / long) };
}

/** The nearest even size; of two, the smaller: an odd input is not enlarged. */
const even = (size: number): number => Math.max(2, Math.ceil(size / 2 - 0.5) * 2);
