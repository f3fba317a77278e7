import type { VideoEvent } from '../../schemas/types.js';
import { type Folders, remove } from '../jobs/folders.js';
import { jobId } from '../jobs/topics.js';
import type { Directory } from './directory.js';
import type { Video } from './records.js';

/** Takes up what became of a job. The same event again, or one of another upload, changes nothing. */
export async function applyEvent(event: VideoEvent, directory: Directory, folders: Folders): Promise<void> {
  const changed = await directory.change(event.video, (video) =>
    video.state === 'uploaded' && video.upload === event.upload ? after(video, event) : null,
  );
  const video = changed ?? (await directory.video(event.video));
  // Neither a published video nor a refused one needs its upload; before that, a crash still does.
  if (video && video.upload === event.upload && video.state !== 'uploaded')
    await remove(folders.upload(jobId(event.video, event.upload)));
}

function after(video: Video, { kind, progress, reason }: VideoEvent): Video | null {
  switch (kind) {
    case 'progress':
      return progress > video.progress ? { ...video, progress } : null;
    case 'processed':
      return { ...video, state: 'available', progress: 1, reason: null };
    case 'processingFailed':
      return { ...video, state: 'notAvailable', reason: reason ?? 'processing failed' };
  }
}
