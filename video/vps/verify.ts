import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TranscodeError } from '../../platform/transcoder/transcoder.js';

/** How far an output's length may be from the input's: a share, and s. */
const TOLERANCE = 0.02;
const LEAST_TOLERANCE = 0.3;

/**
 * Exit code and manifest prove nothing: whether every playlist is as long as the input, and all that it
 * names is there. Rejects with `TranscodeError`.
 */
export async function verify(folder: string, seconds: number): Promise<void> {
  const master = await text(join(folder, 'master.m3u8'));
  await text(join(folder, 'video.mpd'));
  const playlists = new Set(
    [...master.matchAll(/URI="([^"]+\.m3u8)"/g), ...master.matchAll(/^([^#\s].*\.m3u8)$/gm)].map(
      ([, name = '']) => name,
    ),
  );
  if (playlists.size === 0) throw incomplete('the master playlist names no other');
  for (const name of playlists) {
    const playlist = await text(join(folder, name));
    const length = [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].reduce(
      (sum, [, one]) => sum + Number(one),
      0,
    );
    const apart = Math.abs(length - seconds);
    if (apart > Math.max(LEAST_TOLERANCE, seconds * TOLERANCE))
      throw incomplete(`${length.toFixed(2)} s of ${seconds.toFixed(2)} s were encoded`);
    const named = [
      ...playlist.matchAll(/#EXT-X-MAP:URI="([^"]+)"/g),
      ...playlist.matchAll(/^([^#\s].*)$/gm),
    ].map(([, file = '']) => file);
    for (const file of named) {
      if ((await sizeOf(join(folder, file))) === 0) throw incomplete(`${file} is missing`);
    }
  }
}

const incomplete = (why: string): TranscodeError =>
  new TranscodeError('Failed', `encoding is incomplete: ${why}`);

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new TranscodeError('Failed', 'encoding is incomplete: a manifest is missing', { cause });
  }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0;
