import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rendition, Tiles, Transcoder } from '../../platform/transcoder/transcoder.js';
import { remove } from '../jobs/folders.js';
import { sized } from './ladder.js';
import { pictureFiles } from './picture-files.js';
import { type Playlist, parsePlaylist, type Segment } from './playlist.js';
import { verifyPictures } from './verify.js';

/** At most so many thumbnails of a video; each has so many pixels on its longer side. */
const MOST = 100;
const LONG = 160;
const COLUMNS = 10;
/** Where the poster is taken: the beginning is black too often. */
const POSTER_AT = 0.1;

export interface PicturesOptions {
  readonly transcoder: Transcoder;
  /** Of a finished encode. */
  readonly folder: string;
  readonly renditions: readonly Rendition[];
  readonly signal: AbortSignal;
}

/**
 * Makes poster, thumbnails and their cues beside an encode, from the encode: what its maker sent is read once,
 * and turned and stretched already. Leaves all or none; resolves to why there are none.
 */
export async function makePictures(options: PicturesOptions): Promise<string | null> {
  const { folder, signal } = options;
  try {
    await makePoster(options);
    await makeThumbnails(options);
    await verifyPictures(folder);
    return null;
  } catch (error) {
    for (const name of Object.values(pictureFiles)) await remove(join(folder, name));
    // Whoever stops it wants the whole of it stopped.
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

async function makePoster({ transcoder, folder, renditions, signal }: PicturesOptions): Promise<void> {
  const [index, { width, height }] = pick(renditions, (one, best) => one.width > best.width);
  const { init, segments } = await read(folder, index);
  const { segment, skip } = posterPlace(segments);
  const tiles = { columns: 1, rows: 1, width, height };
  await transcoder.picture({
    ...{ folder, init, segments: [segment.file], file: pictureFiles.poster, skip, tiles, signal },
  });
}

async function makeThumbnails({ transcoder, folder, renditions, signal }: PicturesOptions): Promise<void> {
  const [index, rendition] = pick(renditions, (one, best) => one.width < best.width);
  const { init, segments } = await read(folder, index);
  const step = Math.ceil(segments.length / MOST);
  const shown = segments.filter((_, i) => i % step === 0);
  const columns = Math.min(COLUMNS, shown.length);
  const side = Math.min(LONG, Math.max(rendition.width, rendition.height));
  const tiles = { columns, rows: Math.ceil(shown.length / columns), ...sized(rendition, side) };
  await transcoder.picture({
    ...{
      folder,
      init,
      segments: shown.map(({ file }) => file),
      file: pictureFiles.sheet,
      skip: 0,
      tiles,
      signal,
    },
  });
  await writeFile(join(folder, pictureFiles.cues), cues(segments, step, tiles));
}

/** The H.264 rendition that beats all others, with its place among all: every player and ffmpeg can read it. */
function pick(
  renditions: readonly Rendition[],
  beats: (one: Rendition, best: Rendition) => boolean,
): readonly [number, Rendition] {
  let best: readonly [number, Rendition] | null = null;
  for (const [i, one] of renditions.entries())
    if (one.codec === 'h264' && (best === null || beats(one, best[1]))) best = [i, one];
  if (best === null) throw new Error('nothing was encoded to H.264');
  return best;
}

async function read(
  folder: string,
  index: number,
): Promise<{ readonly init: string; readonly segments: Playlist['segments'] }> {
  const { inits, segments } = parsePlaylist(await readFile(join(folder, `media_${index}.m3u8`), 'utf8'));
  const [init] = inits;
  if (init === undefined || segments.length === 0) throw new Error('there is nothing to make pictures of');
  return { init, segments };
}

/** The segment that the poster is taken from, and how far into it, s: never so far that no frame is left. */
export function posterPlace(segments: readonly Segment[]): {
  readonly segment: Segment;
  readonly skip: number;
} {
  let left = POSTER_AT * segments.reduce((sum, { seconds }) => sum + seconds, 0);
  for (const segment of segments) {
    if (left < segment.seconds)
      return { segment, skip: segment.seconds < 1 ? 0 : Math.min(left, segment.seconds / 2) };
    left -= segment.seconds;
  }
  return { segment: segments[0] as Segment, skip: 0 };
}

/** WebVTT that says which part of the sheet shows what time: a thumbnail for each so many segments. */
export function cues(segments: readonly Segment[], step: number, { columns, width, height }: Tiles): string {
  const blocks = ['WEBVTT\n'];
  let from = 0;
  for (let i = 0; i < segments.length; i += step) {
    const to = segments.slice(i, i + step).reduce((sum, { seconds }) => sum + seconds, from);
    const place = i / step;
    const [x, y] = [(place % columns) * width, Math.floor(place / columns) * height];
    blocks.push(`${clock(from)} --> ${clock(to)}\n${pictureFiles.sheet}#xywh=${x},${y},${width},${height}\n`);
    from = to;
  }
  return blocks.join('\n');
}

/** As WebVTT writes a time: 3723.5 is `01:02:03.500`. */
function clock(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  return `${pad(h, 2)}:${pad(m, 2)}:${pad(s, 2)}.${pad(ms % 1000, 3)}`;
}
