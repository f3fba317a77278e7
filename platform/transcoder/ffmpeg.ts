import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { bind, bounded, type Share, type Tools } from './bounded.js';
import { inputOptions, outputOptions, pictureArguments, timeOf } from './ffmpeg-arguments.js';
import { FolderSize } from './folder-size.js';
import { probeFile, told } from './probe.js';
import {
  type ClipOptions,
  type EncodeOptions,
  type PictureOptions,
  TranscodeError,
  type Transcoder,
} from './transcoder.js';
import { Watchdog } from './watchdog.js';

const run = promisify(execFile);

const PICTURE_MS = 60_000;
/** How often an encode is looked at, ms. */
const WATCH_MS = 1_000;

export interface FfmpegOptions extends Partial<Share> {
  /** An encode may take so many times the length of the video, and this long at least, ms. */
  readonly limit?: { readonly times: number; readonly leastMs: number };
  /** An encode that gets no further for so long is killed, ms. */
  readonly stallMs?: number;
  /** Monotonic, ms. */
  readonly clock?: () => number;
  /** Calls back each so many ms, until what it returned is called. */
  readonly every?: (ms: number, tick: () => void) => () => void;
}

const everyInterval = (ms: number, tick: () => void): (() => void) => {
  const timer = setInterval(tick, ms);
  return () => clearInterval(timer);
};

const usual: Required<FfmpegOptions> = {
  threads: 2,
  memory: 1_500_000_000,
  limit: { times: 60, leastMs: 300_000 },
  stallMs: 60_000,
  clock: () => performance.now(),
  every: everyInterval,
};

/** The transcoder over ffmpeg, by fluent-ffmpeg. */
export function ffmpegTranscoder(tools: Tools, options: FfmpegOptions = {}): Transcoder {
  const all = { ...usual, ...options };
  return {
    probe: (file, signal) => probeFile(tools, file, { share: all, ...(signal && { signal }) }),
    encode: (one) => encode(tools, one, all),
    picture: (one) => makePicture(tools, one, all),
    makeClip: (file, clip) => makeClip(tools, file, clip),
  };
}

function encode(tools: Tools, one: EncodeOptions, options: Required<FfmpegOptions>): Promise<void> {
  const { input, folder, probe, renditions, mostBytes, signal, onProgress } = one;
  const { threads, limit, stallMs, clock, every } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new TranscodeError('Aborted', 'the encode was stopped'));
      return;
    }
    const limitMs = Math.max(limit.leastMs, probe.seconds * limit.times * 1000);
    const watchdog = new Watchdog({ limitMs, stallMs, mostBytes }, clock());
    const size = new FolderSize(folder);
    let ended: TranscodeError | null = null;
    // Arguments of their own: in one list, fluent-ffmpeg splits those that hold a space.
    const command = ffmpeg(input, { niceness: 10 })
      .setFfmpegPath(tools.ffmpeg)
      .inputOptions(...inputOptions(options))
      .outputOptions(...outputOptions(probe, renditions, threads))
      .output(join(folder, 'video.mpd'));
    // SIGTERM takes seconds, and leaves a manifest that looks finished; the folder is thrown away anyway.
    const end = (error: TranscodeError): void => {
      ended ??= error;
      command.kill('SIGKILL');
    };
    const abort = (): void => end(new TranscodeError('Aborted', 'the encode was stopped'));
    const unwatch = every(WATCH_MS, () => {
      void size.bytes().then((bytes) => {
        const error = watchdog.verdict(clock(), bytes);
        if (error) end(error);
      });
    });
    const settle = (): void => {
      unwatch();
      signal.removeEventListener('abort', abort);
    };
    const fail = (cause: Error, _stdout?: unknown, stderr?: unknown): void => {
      settle();
      reject(ended ?? explain(cause, typeof stderr === 'string' ? stderr : '', [input, folder]));
    };
    command.on('start', () => {
      // What ended it before the start had nothing to kill yet.
      if (ended) command.kill('SIGKILL');
      const process = processOf(command);
      if (!process) return;
      guardSpawn(process, fail);
      void bind(tools, options, process);
    });
    // Not its `progress` event: for that, it would probe the file by itself, by any demuxer and protocol.
    command.on('stderr', (line: string) => {
      const seconds = timeOf(line);
      if (seconds === null || !watchdog.reached(seconds, clock())) return;
      if (probe.seconds > 0) onProgress(Math.min(1, seconds / probe.seconds));
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

const processOf = (command: FfmpegCommand): ChildProcess | undefined =>
  (command as { readonly ffmpegProc?: ChildProcess }).ffmpegProc;

/** fluent-ffmpeg throws on its own stack where the program cannot be started; here it is told instead. */
function guardSpawn(process: ChildProcess, fail: (cause: Error) => void): void {
  if (process.pid === undefined) process.removeAllListeners('error').once('error', fail);
}

/** What ffmpeg's end means: whether it is the file, this attempt, or this machine. */
function explain(cause: Error, stderr: string, paths: readonly string[]): TranscodeError {
  const text = `${stderr}\n${cause.message}`;
  if (/no space left|disk quota exceeded/i.test(text))
    return new TranscodeError('DiskFull', 'the disk is full', { cause });
  if (/cannot allocate memory|memory allocation error|malloc of size \d+ failed/i.test(text))
    return new TranscodeError('TooLarge', 'encoding takes more memory than it may have', { cause });
  const [, signal] = /killed with signal (\S+)/.exec(cause.message) ?? [];
  if (signal !== undefined) return new TranscodeError('Killed', `ffmpeg was ended by ${signal}`, { cause });
  const worst = /^.*(?:error|invalid|not found|failed).*$/im.exec(stderr)?.[0];
  const why = told(worst ?? cause.message.replace(/^ffmpeg exited with code \d+: /, ''), paths);
  return /spawn \S+ E[A-Z]+|exited with code 12[67]\b|is not available|unknown encoder/i.test(text)
    ? new TranscodeError('Missing', `ffmpeg cannot encode here: ${why}`, { cause })
    : new TranscodeError('Failed', `encoding failed: ${why}`, { cause });
}

async function makePicture(tools: Tools, one: PictureOptions, share: Share): Promise<void> {
  const { folder, signal } = one;
  const [program, args] = bounded(tools, share, [tools.ffmpeg, ...pictureArguments(one, share)]);
  const limits = { cwd: folder, timeout: PICTURE_MS, killSignal: 'SIGKILL', signal } as const;
  await run(program, args, limits).catch((cause: Error & { readonly stderr?: string }) => {
    if (signal.aborted) throw new TranscodeError('Aborted', 'the encode was stopped', { cause });
    throw new TranscodeError('Failed', `making a picture failed: ${told(cause.stderr, [folder])}`, { cause });
  });
}

async function makeClip({ ffmpeg: path }: Tools, file: string, clip: ClipOptions): Promise<void> {
  const { seconds, width, height, audio } = clip;
  const card = ['-f', 'lavfi', '-i', `testsrc=size=${width}x${height}:rate=25:duration=${seconds}`];
  const tone = audio ? ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`] : [];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  await run(path, ['-v', 'error', '-nostdin', '-y', ...card, ...tone, ...codecs, '-f', 'mp4', file]);
}
