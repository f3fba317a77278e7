import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Probe, TranscodeError } from '../../platform/transcoder/transcoder.js';

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
  const playlist = await text(join(folder, name));
  if (!/^#EXT-X-ENDLIST$/m.test(playlist)) throw incomplete(`${name} has no end`);
  const length = allOf(/^#EXTINF:([\d.]+)/gm, playlist).reduce((sum, one) => sum + Number(one), 0);
  if (!(Math.abs(length - seconds) <= Math.max(LEAST_TOLERANCE, seconds * TOLERANCE)))
    throw incomplete(`${length.toFixed(2)} s of ${seconds.toFixed(2)} s were encoded`);
  for (const file of [...allOf(/#EXT-X-MAP:URI="([^"]+)"/g, playlist), ...allOf(/^([^#\s].*)$/gm, playlist)])
    if ((await sizeOf(join(folder, file))) === 0) throw incomplete(`${file} is missing or empty`);
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
