import type { Lines } from '../../platform/telemetry/lines.js';
import { type Blame, TranscodeError } from '../../platform/transcoder/transcoder.js';
import type { VideoEvent, VideoJob } from '../../schemas/types.js';
import { MOST_TRIES, processJob, type WorkerOptions } from './worker.js';

export interface AttemptsOptions extends Omit<WorkerOptions, 'tries'> {
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Outcome {
  readonly event: VideoEvent;
  /** Why the job is to be a dead letter: nobody can say what is wrong with the video; null where it is none. */
  readonly givenUp: string | null;
}

/** Before the second, third and fourth attempt, ms. */
const PAUSES: readonly number[] = [5_000, 30_000, 120_000];

/**
 * Does a job, in several attempts where one fails for a reason that may pass. Rejects where it says nothing
 * about the job: that it is aborted, or that nothing can be encoded here now.
 */
export async function processWithAttempts(
  job: VideoJob,
  signal: AbortSignal,
  { pause, ...options }: AttemptsOptions,
): Promise<Outcome> {
  const tries = { failed: 0 };
  for (;;) {
    try {
      return { event: await processJob(job, signal, { ...options, tries }), givenUp: null };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (signal.aborted) {
        options.lines.info({ reason }, 'job handed back');
        throw error;
      }
      if (blameOf(error) === 'place') {
        options.lines.warn({ reason }, 'job waits, as none can be done here now');
        throw error;
      }
      const failed = ++tries.failed;
      if (failed >= MOST_TRIES) return giveUp(job, error, failed, options);
      const waits = PAUSES[failed - 1] ?? 0;
      options.lines.warn({ attempt: failed, reason, pauseMs: waits }, 'job failed, and is tried again');
      // Its slot is free for others meanwhile.
      await pause(waits, signal);
    }
  }
}

function giveUp(
  { id, video, upload, requestId, traceparent }: VideoJob,
  error: unknown,
  attempts: number,
  { clock, lines }: { readonly clock: () => number; readonly lines: Lines },
): Outcome {
  const why = error instanceof Error ? error.message : String(error);
  lines.warn({ attempts, reason: why }, 'job given up');
  // What was not written for people may tell them of paths of ours.
  const reason = error instanceof TranscodeError ? why : 'processing failed for a reason of ours';
  const known = { job: id, video, upload, requestId, traceparent };
  const event: VideoEvent = { kind: 'processingFailed', ...known, at: clock(), progress: 0, reason };
  return { event, givenUp: `given up after ${attempts} attempts: ${why}` };
}

/** An error of the file system is one of this place, too: all jobs share the folders. */
function blameOf(error: unknown): Blame {
  if (error instanceof TranscodeError) return error.blame;
  return (error as NodeJS.ErrnoException).syscall === undefined ? 'attempt' : 'place';
}
