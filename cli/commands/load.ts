import { once } from 'node:events';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { Command } from 'commander';
import { count, positive, share, urlOption } from '../options.js';
import { pause } from '../pause.js';
import { print, untilStopped, warn } from '../process.js';
import { UsageError } from '../usage-error.js';

interface Given {
  readonly url: string;
  readonly register: number;
  readonly list: number;
  readonly get: number;
  readonly hit: number;
  readonly rate: number;
  readonly csv?: string;
  readonly video?: string;
}

export const loadCommand = (): Command =>
  new Command('load')
    .description('drive the gateway with requests at a rate')
    .addOption(urlOption())
    .option('--register <n1>', 'users that register, create a video and upload it', count('--register'), 10)
    .option('--video <file>', 'the mp4 that they upload; else a clip is made with ffmpeg')
    .option('--list <n2>', 'times that the videos are listed', count('--list'), 100)
    .option('--get <n3>', 'times that a video is asked for', count('--get'), 100)
    .option('--hit <p1>', 'probability that the video asked for exists', share('--hit'), 0.5)
    .option('--rate <n>', 'requests per second', positive('--rate'), 20)
    .option('--csv <file>', 'a row per request: time, method, URI, status, latency, bytes out, bytes in')
    .addHelpText(
      'after',
      '\nExample:\n  tidemark load --register 20 --list 500 --get 500 --rate 50 --csv load.csv',
    )
    .action(load);

async function load({ csv: file, video: path, ...options }: Given): Promise<void> {
  const { default: cliProgress } = await import('cli-progress');
  const { runLoad } = await import('../load.js');
  const csv = file === undefined ? null : await opened(file);
  const video = options.register === 0 ? null : await videoFor(path);
  const bar = process.stderr.isTTY ? new cliProgress.SingleBar({ etaBuffer: 100 }) : null;
  bar?.start(options.register + options.list + options.get, 0);
  const result = await runLoad({
    ...options,
    ...(csv ? { csv } : {}),
    video,
    progress: (done) => bar?.update(done),
    random: Math.random,
    pause,
    signal: untilStopped(),
  });
  bar?.stop();
  if (csv) await new Promise<void>((resolve) => csv.end(resolve));
  const { requests, failures, firstFailure, p50, p99 } = result;
  await print(`${requests} requests, ${failures} failed, p50 ${p50} ms, p99 ${p99} ms`);
  if (firstFailure !== null) warn(`the first that failed: ${firstFailure}`);
  if (requests > 0 && failures === requests) process.exitCode = 1;
}

async function opened(file: string): Promise<WriteStream> {
  const csv = createWriteStream(file);
  try {
    await once(csv, 'open');
    return csv;
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

/** What the load uploads. */
async function videoFor(path: string | undefined): Promise<Buffer> {
  try {
    return path === undefined ? await clip() : readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${why}; name an mp4 with --video, or upload nothing with --register 0`);
  }
}

async function clip(): Promise<Buffer> {
  const { makeClip } = await import('../clip.js');
  return makeClip(2);
}
