import type { VideoEvent } from '../../schemas/types.js';
import { type Folders, remove } from '../jobs/folders.js';
import { jobId } from '../jobs/topics.js';
import type { Directory } from './directory.js';
import type { Encoding, Video } from './records.js';

export interface EventContext {
  readonly directory: Directory;
  readonly folders: Folders;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

/**
 * Takes up what became of a job; resolves to the video where it is another for it, else to null. The same event
 * again, or one of another upload, changes nothing.
 */
export async function applyEvent(
  event: VideoEvent,
  { directory, folders, clock }: EventContext,
): Promise<Video | null> {
  const changed = await directory.change(event.video, (video) =>
    video.state === 'uploaded' && video.upload === event.upload ? after(video, event, clock()) : null,
  );
  const video = changed ?? (await directory.video(event.video));
  // A published video needs its upload no more. That of one that failed is kept for a time, to try it again.
  if (video?.upload === event.upload && video.state === 'available')
    await remove(folders.upload(jobId(event.video, event.upload)));
  return changed;
}

function after(video: Video, { kind, progress, reason, at }: VideoEvent, endedAt: number): Video | null {
  switch (kind) {
    case 'progress':
      return advanced(video, progress, at);
    case 'processed':
      return { ...video, state: 'available', progress: 1, reason: null, endedAt };
    case 'processingFailed':
      return { ...video, state: 'notAvailable', reason: reason ?? 'processing failed', endedAt };
  }
}

function advanced(video: Video, progress: number, at: number): Video | null {
  const { encoding } = video;
  // From 0 on is a new attempt, which has its own pace; the share that is shown never goes back.
  const begun: Encoding = { since: at, from: progress, at, progress };
  const isNew = encoding === null || (progress === 0 && at > encoding.at);
  if (!isNew && (progress <= encoding.progress || at < encoding.at)) return null;
  return {
    ...video,
    progress: Math.max(video.progress, progress),
    encoding: isNew ? begun : { ...encoding, at, progress },
  };
}
