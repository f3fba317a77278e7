import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import type { Tools } from './bounded.js';
import { TranscodeError } from './transcoder.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** Finds ffmpeg and ffprobe in PATH, else in the optional packages (builds of 2018); rejects `Missing`. */
export async function findTools(): Promise<Tools> {
  const ffmpeg = await find('ffmpeg', '@ffmpeg-installer/ffmpeg');
  const ffprobe = await find('ffprobe', '@ffprobe-installer/ffprobe');
  if (ffmpeg && ffprobe) {
    const prlimit = (await versionOf('prlimit', '--version')) === null ? null : 'prlimit';
    return { ffmpeg: ffmpeg.path, ffprobe: ffprobe.path, version: ffmpeg.version, prlimit };
  }
  const missing = [ffmpeg ? null : 'ffmpeg', ffprobe ? null : 'ffprobe'].filter(Boolean).join(' and no ');
  throw new TranscodeError(
    'Missing',
    `no ${missing} here: install it (apt-get install ffmpeg, brew install ffmpeg)`,
  );
}

async function find(name: string, packaged: string): Promise<{ path: string; version: string } | null> {
  for (const path of [name, pathIn(packaged)]) {
    const version = path === null ? null : await versionOf(path);
    if (path !== null && version !== null) return { path, version };
  }
  return null;
}

/** The packaged probe may lack its execute bit. */
function pathIn(packaged: string): string | null {
  try {
    const { path } = require(packaged) as { path: string };
    chmodSync(path, 0o755);
    return path;
  } catch {
    return null;
  }
}

async function versionOf(path: string, flag = '-version'): Promise<string | null> {
  try {
    const { stdout } = await run(path, [flag], { timeout: 10_000 });
    return stdout.split('\n', 1)[0] ?? '';
  } catch {
    return null;
  }
}
