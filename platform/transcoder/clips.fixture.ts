import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTools } from './tools.js';

const run = promisify(execFile);

/** The transcoder's tools; media for tests are made with what it will use. */
export const tools = await findTools();

/** Runs ffmpeg on its own arguments. */
export const ffmpeg = (...args: readonly string[]): Promise<unknown> =>
  run(tools.ffmpeg, ['-v', 'error', '-nostdin', '-y', ...args]);

export const card = (size: string, seconds: number, rate: number | string = 25): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=size=${size}:rate=${rate}:duration=${seconds}`,
];
export const tone = (seconds: number): string[] => ['-f', 'lavfi', '-i', `sine=duration=${seconds}`];
export const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** Makes an mp4 in the folder; resolves to its path. */
export async function clip(folder: string, name: string, ...args: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await ffmpeg(...args, '-f', 'mp4', path);
  return path;
}
