import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ffmpegTranscoder } from '../platform/transcoder/ffmpeg.js';
import { findTools } from '../platform/transcoder/tools.js';

/** A few seconds of a test card as an mp4; rejects where there is no ffmpeg. */
export async function makeClip(seconds: number): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-clip-'));
  try {
    const file = join(folder, 'clip.mp4');
    const transcoder = ffmpegTranscoder(await findTools());
    await transcoder.makeClip(file, { seconds, width: 640, height: 360, audio: true });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
