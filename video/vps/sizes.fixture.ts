import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tools } from '../../platform/transcoder/clips.fixture.js';

/** Sizes as displayed: of every rendition in order, by its own header, and of the poster. */
export function sizesOf(folder: string): readonly string[] {
  const inits = readdirSync(folder).filter((name) => /^init-\d+\.m4s$/.test(name));
  const videos = inits.map((name) => sizeOf(join(folder, name))).filter((size) => size !== '');
  return [...videos, `poster ${sizeOf(join(folder, 'poster.jpg'))}`];
}

const sizeOf = (path: string): string =>
  execFileSync(tools.ffprobe, [
    ...['-v', 'quiet', '-select_streams', 'v', '-show_entries', 'stream=width,height'],
    ...['-of', 'csv=p=0:s=x', path],
  ])
    .toString()
    .trim();
