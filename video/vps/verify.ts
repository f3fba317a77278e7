import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Probe, TranscodeError } from '../../platform/transcoder/transcoder.js';
import { pictureFiles } from './picture-files.js';
import { parsePlaylist } from './playlist.js';

/** How far an output's length may be from the input's: a share, and s. */
const TOLERANCE = 0.02;
const LEAST_TOLERANCE = 0.3;

type Lengths = Pick<Probe, 'videoSeconds' | 'audioSeconds'>;

/**
 * Exit code and manifest prove nothing: whether every playlist is finished and as long as its stream of
 * the input, and all that it names is there. Rejects with `TranscodeError`.
 */
export async function verify(folder: string, { videoSeconds, audioSeconds }: Lengths): Promise<void> {
  const master = await text(join(folder, 'master.m3u8'));
  await text(join(folder, 'video.mpd'));
  const videos = allOf(/^([^#\s].*\.m3u8)$/gm, master);
  const sounds = allOf(/URI="([^"]+\.m3u8)"/g, master);
  if (videos.length === 0) throw incomplete('the master playlist names no video');
  if (audioSeconds !== null && sounds.length === 0) throw incomplete('the master playlist names no sound');
  for (const name of videos) await verifyPlaylist(folder, name, videoSeconds);
  for (const name of sounds) await verifyPlaylist(folder, name, audioSeconds ?? videoSeconds);
}

async function verifyPlaylist(folder: string, name: string, seconds: number): Promise<void> {
  const { inits, segments, ended } = parsePlaylist(await text(join(folder, name)));
  if (!ended) throw incomplete(`${name} has no end`);
  const length = segments.reduce((sum, one) => sum + one.seconds, 0);
  if (!(Math.abs(length - seconds) <= Math.max(LEAST_TOLERANCE, seconds * TOLERANCE)))
    throw incomplete(`${length.toFixed(2)} s of ${seconds.toFixed(2)} s were encoded`);
  for (const file of [...inits, ...segments.map((one) => one.file)])
    if ((await sizeOf(join(folder, file))) === 0) throw incomplete(`${file} is missing or empty`);
}

/** Whether both pictures are whole, and the cues name parts of one of them. Rejects with `TranscodeError`. */
export async function verifyPictures(folder: string): Promise<void> {
  for (const name of [pictureFiles.poster, pictureFiles.sheet]) {
    const bytes = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    if (bytes.subarray(0, 2).toString('hex') !== 'ffd8' || bytes.subarray(-2).toString('hex') !== 'ffd9')
      throw incomplete(`${name} is no whole picture`);
  }
  const cues = await text(join(folder, pictureFiles.cues));
  if (!cues.startsWith('WEBVTT\n') || !cues.includes(`${pictureFiles.sheet}#xywh=`))
    throw incomplete(`${pictureFiles.cues} names no picture`);
}

const allOf = (pattern: RegExp, within: string): readonly string[] =>
  [...within.matchAll(pattern)].map(([, found = '']) => found);

const incomplete = (why: string): TranscodeError =>
  new TranscodeError('Failed', `encoding is incomplete: ${why}`);

async function text(path: string): Promise<string> {
  const found = await readFile(path, 'utf8').catch(() => '');
  if (found === '') throw incomplete(`${basename(path)} is missing or empty`);
  return found;
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0;
