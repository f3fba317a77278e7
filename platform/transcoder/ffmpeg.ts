import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { probeFile, safeInput, told } from './probe.js';
import type { Tools } from './tools.js';
import {
  type ClipOptions,
  type EncodeOptions,
  type Probe,
  type Rendition,
  TranscodeError,
  type Transcoder,
} from './transcoder.js';

const run = promisify(execFile);

/** Length of a segment, s: every quality has a key frame at each. */
const SEGMENT = 2;
/** Frames per second that are kept; a slide show gets more, for segments of the usual length. */
const MOST_FRAMES = 60;
const LEAST_FRAMES = 5;
const USUAL_FRAMES = 25;
/** A frame larger than this is not decoded: a small file could take all memory. */
export const MAX_PIXELS = 35_389_440;

export interface FfmpegOptions {
  /** Threads of one encode. */
  readonly threads?: number;
  /** An encode may take so many times the length of the video, and this long at least, ms. */
  readonly limit?: { readonly times: number; readonly leastMs: number };
}

/** The transcoder over ffmpeg, by fluent-ffmpeg. */
export function ffmpegTranscoder(tools: Tools, options: FfmpegOptions = {}): Transcoder {
  const { threads = 2, limit = { times: 60, leastMs: 300_000 } } = options;
  return {
    probe: (file) => probeFile(tools.ffprobe, file),
    encode: (one) => encode(tools, one, { threads, limit }),
    makeClip: (file, clip) => makeClip(tools, file, clip),
  };
}

function encode(
  { ffmpeg: path }: Tools,
  one: EncodeOptions,
  { threads, limit }: Required<FfmpegOptions>,
): Promise<void> {
  const { input, folder, probe, renditions, signal, onProgress } = one;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new TranscodeError('Aborted', 'the encode was stopped'));
      return;
    }
    const limitMs = Math.max(limit.leastMs, probe.seconds * limit.times * 1000);
    let ended: TranscodeError | null = null;
    // Arguments of their own: in one list, fluent-ffmpeg splits those that hold a space.
    const command = ffmpeg(input, { niceness: 10 })
      .setFfmpegPath(path)
      .inputOptions('-nostdin', '-xerror', '-max_pixels', String(MAX_PIXELS), ...safeInput)
      .outputOptions(...outputOptions(probe, renditions, threads))
      .output(join(folder, 'video.mpd'));
    // SIGTERM takes seconds, and leaves a manifest that looks finished; the folder is thrown away anyway.
    const end = (error: TranscodeError): void => {
      ended = error;
      command.kill('SIGKILL');
    };
    const abort = (): void => end(new TranscodeError('Aborted', 'the encode was stopped'));
    const timer = setTimeout(() => {
      end(new TranscodeError('TimedOut', `encoding took longer than ${Math.round(limitMs / 1000)} s`));
    }, limitMs);
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const fail = (cause: Error, _stdout?: unknown, stderr?: unknown): void => {
      settle();
      reject(ended ?? explain(cause, typeof stderr === 'string' ? stderr : '', [input, folder]));
    };
    command.on('start', () => {
      // What ended it before the start had nothing to kill yet.
      if (ended) command.kill('SIGKILL');
      guardSpawn(command, fail);
    });
    // Not its `progress` event: for that, it would probe the file by itself, by any demuxer and protocol.
    command.on('stderr', (line: string) => {
      const [, time] = /\btime=(\S+)/.exec(line) ?? [];
      if (time && probe.seconds > 0) onProgress(Math.min(1, secondsOf(time) / probe.seconds));
    });
    command.on('error', fail);
    command.on('end', () => {
      settle();
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
    command.run();
  });
}

/** fluent-ffmpeg throws on its own stack where the program cannot be started; here it is told instead. */
function guardSpawn(command: FfmpegCommand, fail: (cause: Error) => void): void {
  const { ffmpegProc } = command as { readonly ffmpegProc?: ChildProcess };
  if (ffmpegProc && ffmpegProc.pid === undefined) ffmpegProc.removeAllListeners('error').once('error', fail);
}

/** What ffmpeg's end means: whether it is the file, this machine, or a full disk, that tried again may do. */
function explain(cause: Error, stderr: string, paths: readonly string[]): Error {
  const text = `${stderr}\n${cause.message}`;
  if (/no space left/i.test(text)) return new Error('the disk is full', { cause });
  const worst = /^.*(?:error|invalid|not found|failed).*$/im.exec(stderr)?.[0];
  const why = told(worst ?? cause.message.replace(/^ffmpeg exited with code \d+: /, ''), paths);
  return /spawn \S+ E[A-Z]+|exited with code 12[67]\b|is not available|unknown encoder/i.test(text)
    ? new TranscodeError('Missing', `ffmpeg cannot encode here: ${why}`, { cause })
    : new TranscodeError('Failed', `encoding failed: ${why}`, { cause });
}

/** DASH and HLS over the same segments; every codec, and the sound, an adaptation set of its own. */
function outputOptions(probe: Probe, renditions: readonly Rendition[], threads: number): string[] {
  const rate = Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, probe.frameRate ?? USUAL_FRAMES));
  const frames = String(Math.max(1, Math.round(rate * SEGMENT)));
  const args = renditions.flatMap(() => ['-map', `0:${probe.videoStream}`]);
  if (probe.audioStream !== null) args.push('-map', `0:${probe.audioStream}`);
  // A title is for the owner to give, and where a phone was is nobody's business.
  args.push('-map_metadata', '-1', '-map_chapters', '-1');
  args.push('-threads', String(threads), '-pix_fmt', 'yuv420p', '-r', String(rate));
  args.push('-g', frames, '-keyint_min', frames, '-sc_threshold', '0', '-flags', '+cgop');
  // Even sizes differ a little in shape, which a set does not allow: all are shown in the shape of the input.
  const shape = `${probe.width}/${probe.height}:max=10000`;
  for (const [i, { codec, width, height, bitrate }] of renditions.entries()) {
    args.push(`-filter:v:${i}`, `scale=${width}:${height},setdar=${shape}`);
    args.push(`-b:v:${i}`, `${bitrate}k`, `-maxrate:v:${i}`, `${Math.round(bitrate * 1.2)}k`);
    args.push(`-bufsize:v:${i}`, `${bitrate * 2}k`);
    if (codec === 'h264') args.push(`-c:v:${i}`, 'libx264', `-preset:v:${i}`, 'veryfast');
    else args.push(`-c:v:${i}`, 'libvpx-vp9', `-deadline:v:${i}`, 'realtime', `-cpu-used:v:${i}`, '6');
  }
  if (probe.audioStream !== null) args.push('-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-ar', '48000');
  const sets = [
    ...(['h264', 'vp9'] as const).map((codec) =>
      renditions.flatMap((one, i) => (one.codec === codec ? [i] : [])),
    ),
    probe.audioStream === null ? [] : [renditions.length],
  ].filter((streams) => streams.length > 0);
  const adaptation = sets.map((streams, id) => `id=${id},streams=${streams.join(',')}`).join(' ');
  args.push('-adaptation_sets', adaptation, '-f', 'dash', '-seg_duration', String(SEGMENT));
  args.push('-use_template', '1', '-use_timeline', '1', '-hls_playlist', '1', '-dash_segment_type', 'mp4');
  args.push('-init_seg_name', 'init-$RepresentationID$.m4s');
  args.push('-media_seg_name', 'seg-$RepresentationID$-$Number%05d$.m4s');
  return args;
}

async function makeClip({ ffmpeg: path }: Tools, file: string, clip: ClipOptions): Promise<void> {
  const { seconds, width, height, audio } = clip;
  const card = ['-f', 'lavfi', '-i', `testsrc=size=${width}x${height}:rate=25:duration=${seconds}`];
  const tone = audio ? ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`] : [];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  await run(path, ['-v', 'error', '-nostdin', '-y', ...card, ...tone, ...codecs, '-f', 'mp4', file]);
}

/** `00:01:02.50` as 62.5; 0 where it is no time. */
function secondsOf(timemark: string): number {
  const seconds = timemark.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}
