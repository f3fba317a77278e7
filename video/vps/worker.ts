import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Rendition, TranscodeError, type Transcoder } from '../../platform/transcoder/transcoder.js';
import type { VideoEvent, VideoJob } from '../../schemas/types.js';
import { discard, type Folders, list, remove, sync } from '../jobs/folders.js';
import { ladder } from './ladder.js';
import { type Limits, refusal } from './limits.js';
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
  readonly newId: () => string;
  /** The folders that are encoded into just now. */
  readonly attempts: Set<string>;
  /** Told when its turn has come. */
  readonly onStart: () => void;
  /** Told of progress, now and then. */
  readonly onProgress: (event: VideoEvent) => void;
}

/** A step of progress that is worth telling. */
const STEP = 0.05;

/**
 * Processes a job: probe, encode aside, verify, publish by renaming. Resolves to what became of it; the
 * same job again, after a crash say, publishes once. Rejects where trying again may help.
 */
export async function processJob(
  job: VideoJob,
  signal: AbortSignal,
  options: WorkerOptions,
): Promise<VideoEvent> {
  const { folders, slots, clock, attempts } = options;
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
  const release = await slots.take(signal);
  const attempt = join(folders.work, `${id}.${options.newId()}`);
  try {
    attempts.add(attempt);
    options.onStart();
    // Looked for with the slot in hand: while this one waited, another may have done the job.
    if (await exists(folders.video(video))) return event('processed');
    await clean(folders, id);
    if (!(await exists(folders.upload(id))))
      return event('processingFailed', { reason: 'the uploaded file is gone' });
    let told = 0;
    const onProgress = (progress: number): void => {
      if (progress < told + STEP) return;
      told = progress;
      options.onProgress(event('progress', { progress }));
    };
    await encode(job, { attempt, signal, onProgress }, options);
    return event('processed');
  } catch (error) {
    await remove(attempt);
    // Whoever publishes takes the upload away, which is no fault of the upload's.
    if (await exists(folders.video(video))) return event('processed');
    if (!(error instanceof TranscodeError && error.permanent)) throw error;
    return event('processingFailed', { reason: error.message });
  } finally {
    attempts.delete(attempt);
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
  { folders, transcoder, codecs, limits }: WorkerOptions,
): Promise<void> {
  const input = folders.upload(id);
  const probe = await transcoder.probe(input);
  const refused = refusal(probe, limits);
  if (refused !== null) throw new TranscodeError('Failed', refused);
  await mkdir(attempt);
  const renditions = ladder(probe, codecs);
  try {
    await transcoder.encode({ input, probe, renditions, folder: attempt, signal, onProgress });
    await verify(attempt, probe);
  } catch (cause) {
    if (await exists(attempt)) throw cause;
    throw new Error('another worker took the job over', { cause });
  }
  await Promise.all((await readdir(attempt)).map((name) => sync(join(attempt, name))));
  await sync(attempt);
  await publish(attempt, folders.video(video));
  await sync(folders.published);
}

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

/** What attempts before this one left. One that goes on nevertheless finds its folder gone as a whole. */
async function clean({ work }: Folders, id: string): Promise<void> {
  for (const { name, path } of await list(work)) if (name.startsWith(`${id}.`)) await discard(path);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
