import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lines } from '../../platform/telemetry/lines.js';
import { type Rendition, TranscodeError, type Transcoder } from '../../platform/transcoder/transcoder.js';
import type { VideoEvent, VideoJob } from '../../schemas/types.js';
import { discard, exists, type Folders, list, remove, sync } from '../jobs/folders.js';
import { ladder } from './ladder.js';
import { expectedBytes, type Limits, mostBytes, refusal } from './limits.js';
import { makePictures } from './pictures.js';
import type { Slots } from './slots.js';
import { verify } from './verify.js';

export interface WorkerOptions {
  readonly folders: Folders;
  readonly transcoder: Transcoder;
  readonly codecs: readonly Rendition['codec'][];
  readonly limits: Limits;
  readonly slots: Slots;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly newId: () => string;
  /** What is left on the disk of a folder, bytes. */
  readonly freeBytes: (folder: string) => Promise<number>;
  /** The folders that are encoded into just now. */
  readonly attempts: Set<string>;
  /** How often this job was tried already; what a crash left behind is counted too. */
  readonly tries: { failed: number };
  /** Where the lines of this job go. */
  readonly lines: Lines;
  /** Told when its turn has come. */
  readonly onStart: () => void;
  /** Told of progress, now and then. */
  readonly onProgress: (event: VideoEvent) => void;
}

/** How often a job is tried. */
export const MOST_TRIES = 4;
/** A step of progress that is worth telling. */
const STEP = 0.05;
/** With less than this nothing can be encoded, bytes. */
const LEAST_FREE = 64 * 2 ** 20;
const NO_NAME = 'the ids of the job are no names of files';
const GONE = 'the uploaded file is gone';

/**
 * Tries a job once: probe, encode aside, verify, publish by renaming. Resolves to what became of it; the same
 * job again, after a crash say, publishes once. Rejects where trying again may help.
 */
export async function processJob(
  job: VideoJob,
  signal: AbortSignal,
  options: WorkerOptions,
): Promise<VideoEvent> {
  const { folders, slots, clock, monotonic, attempts, tries, lines } = options;
  const { id, video, upload, requestId, traceparent } = job;
  const event = (kind: VideoEvent['kind'], more: Partial<VideoEvent> = {}): VideoEvent => ({
    kind,
    job: id,
    video,
    upload,
    at: clock(),
    progress: kind === 'processed' ? 1 : 0,
    reason: null,
    requestId,
    traceparent,
    ...more,
  });
  // They become names of files.
  if (![id, video].every(isName)) {
    lines.warn({ reason: NO_NAME }, 'job failed');
    return event('processingFailed', { reason: NO_NAME });
  }
  const release = await slots.take(signal);
  let attempt: string | null = null;
  const since = monotonic();
  const ms = (): number => Math.round(monotonic() - since);
  try {
    options.onStart();
    // Looked for with the slot in hand: while this one waited, another may have done the job.
    if (await exists(folders.video(video))) {
      lines.info({}, 'job was done already');
      return event('processed');
    }
    tries.failed = Math.max(tries.failed, await clean(folders, id));
    lines.info({ attempt: tries.failed + 1 }, 'job started');
    options.onProgress(event('progress'));
    if (tries.failed >= MOST_TRIES)
      throw new TranscodeError('Failed', `processing was cut off ${tries.failed} times`);
    attempt = join(folders.work, `${id}.${tries.failed + 1}.${options.newId()}`);
    attempts.add(attempt);
    let told = 0;
    const onProgress = (progress: number): void => {
      if (progress < told + STEP) return;
      told = progress;
      options.onProgress(event('progress', { progress }));
    };
    const renditions = await encode(job, { attempt, signal, onProgress }, options);
    lines.info({ ms: ms(), renditions: renditions.map(named).join(', ') }, 'job done');
    return event('processed');
  } catch (error) {
    if (attempt) await remove(attempt);
    // Whoever publishes takes the upload away, which is no fault of the upload's.
    if (await exists(folders.video(video))) {
      lines.info({}, 'job was done by another');
      return event('processed');
    }
    if (signal.aborted || !(error instanceof TranscodeError && error.blame === 'video')) throw error;
    lines.warn({ ms: ms(), reason: error.message }, 'job failed');
    return event('processingFailed', { reason: error.message });
  } finally {
    if (attempt) attempts.delete(attempt);
    release();
  }
}

interface Attempt {
  /** The folder it encodes into. */
  readonly attempt: string;
  readonly signal: AbortSignal;
  readonly onProgress: (share: number) => void;
}

async function encode(
  { id, video }: VideoJob,
  { attempt, signal, onProgress }: Attempt,
  { folders, transcoder, codecs, limits, freeBytes, lines }: WorkerOptions,
): Promise<readonly Rendition[]> {
  const input = folders.upload(id);
  // Before anything is read: what kills the worker over this very file is to be found again.
  await mkdir(attempt);
  let renditions: readonly Rendition[];
  try {
    if (!(await exists(input))) throw new TranscodeError('Refused', GONE);
    const probe = await transcoder.probe(input, signal);
    const refused = refusal(probe, limits);
    if (refused !== null) throw new TranscodeError('Refused', refused);
    renditions = ladder(probe, codecs);
    const expected = expectedBytes(probe, renditions);
    refuseWithoutRoom(expected, await freeBytes(folders.work));
    const bounds = { folder: attempt, mostBytes: mostBytes(expected), signal, onProgress };
    await transcoder.encode({ input, probe, renditions, ...bounds });
    await verify(attempt, probe);
    // A video plays without them.
    const missing = await makePictures({ transcoder, folder: attempt, renditions, signal });
    if (missing !== null) lines.warn({ reason: missing }, 'the video has no pictures');
  } catch (cause) {
    if (await exists(attempt)) throw cause;
    throw new Error('another worker took the job over', { cause });
  }
  await Promise.all((await readdir(attempt)).map((name) => sync(join(attempt, name))));
  await sync(attempt);
  // Whoever deleted the video in the meantime does not want to see it come back.
  if (!(await exists(input))) throw new TranscodeError('Refused', GONE);
  await publish(attempt, folders.video(video));
  await sync(folders.published);
  return renditions;
}

/** A disk that is as good as full stops every job; one too small for this one must not stop the others. */
function refuseWithoutRoom(expected: number, free: number): void {
  if (free < LEAST_FREE) throw new TranscodeError('DiskFull', 'the disk is full');
  if (free < expected + LEAST_FREE)
    throw new TranscodeError('NoRoom', `there is no room for what it takes, ${megabytes(expected)}`);
}

const isName = (id: string): boolean => /^\w[\w.-]*$/.test(id) && id.length <= 200;

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

const named = ({ codec, width, height }: Rendition): string => `${codec} ${width}x${height}`;

/** Renaming to a name that is not there decides who publishes; whoever comes second throws its own away. */
async function publish(attempt: string, target: string): Promise<void> {
  try {
    await rename(attempt, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    await remove(attempt);
  }
}

/**
 * Removes what attempts before this one left; one that goes on nevertheless finds its folder gone as a whole.
 * Resolves to the highest number of theirs: only an attempt that was cut off leaves anything.
 */
async function clean({ work }: Folders, id: string): Promise<number> {
  let highest = 0;
  for (const { name, path } of await list(work)) {
    if (!name.startsWith(`${id}.`)) continue;
    const [, number = '0'] = /^(\d{1,2})\./.exec(name.slice(id.length + 1)) ?? [];
    highest = Math.max(highest, Number(number));
    await discard(path);
  }
  return highest;
}
