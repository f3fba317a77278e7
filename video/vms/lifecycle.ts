import { link, rename, utimes } from 'node:fs/promises';
import type { Write } from '../../platform/store/store.js';
import { discard, type Folders, remove } from '../jobs/folders.js';
import { jobId } from '../jobs/topics.js';
import type { Directory } from './directory.js';
import { outboxRemoval } from './outbox.js';
import type { User, Video } from './records.js';
import { noSuchVideo, notYours, Refusal } from './refusal.js';
import { removeUploads } from './upload-files.js';
import { type Asked, enqueue, type UploadContext } from './uploads.js';

/** Takes back a job that may not have been published yet. */
const withJob = ({ id, upload, uploadedAt }: Video): readonly Write[] =>
  upload === null || uploadedAt === null
    ? []
    : [outboxRemoval({ id: jobId(id, upload), createdAt: uploadedAt })];

/**
 * Removes a video: its record and its name in one transaction, then its files; `onLeft` is told where these cannot be
 * removed now, and are left to the sweeper. Whoever processes it finds its upload gone, and events of it change nothing. Resolves to what it was;
 * rejects with a `Refusal` where there is none, or it is another's.
 */
export async function deleteVideo(
  id: string,
  user: User,
  {
    directory,
    folders,
    onLeft,
  }: { readonly directory: Directory; readonly folders: Folders; readonly onLeft: (why: unknown) => void },
): Promise<Video> {
  const removed = await directory.remove(id, ({ owner }) => owner === user.id, withJob);
  if (!removed) throw (await directory.video(id)) ? notYours() : noSuchVideo();
  try {
    if (removed.upload !== null) await remove(folders.upload(jobId(id, removed.upload)));
    await discard(folders.video(id));
    await removeUploads(folders, id);
  } catch (error) {
    onLeft(error);
  }
  return removed;
}

/**
 * Processes the upload of a video that is not available once more, under a new id, so that what still comes of the
 * earlier one changes nothing. Rejects with a `Refusal` where that cannot be.
 */
export async function retryVideo(
  id: string,
  user: User,
  context: UploadContext & { readonly asked: Asked },
): Promise<Video> {
  const { directory, folders, clock, newId, asked } = context;
  const video = await directory.video(id);
  if (!video) throw noSuchVideo();
  if (video.owner !== user.id) throw notYours();
  if (video.state !== 'notAvailable') throw isNotFailed(video);
  const gone = new Refusal(409, 'its file is not kept any more: upload it again');
  const upload = newId();
  if (video.upload === null || video.bytes === 0) throw gone;
  const kept = folders.upload(jobId(id, video.upload));
  const isLinked = await linkAfresh(kept, folders.upload(jobId(id, upload)), clock());
  if (!isLinked) {
    const now = await directory.video(id);
    throw now && now.state !== 'notAvailable' ? isNotFailed(now) : gone;
  }
  const may = (one: Video): boolean =>
    one.state === 'notAvailable' && one.upload === video.upload && one.bytes > 0;
  const changed = await enqueue(id, { upload, may, bytes: ({ bytes }) => bytes }, asked, context);
  if (changed) return changed;
  const now = await directory.video(id);
  if (!now) throw noSuchVideo();
  throw now.state === 'notAvailable' ? gone : isNotFailed(now);
}

/**
 * Gives a file a second name: until the record says which it has, the first one holds, also over a crash. False
 * where there is no such file. It counts as changed now, so that the new name is not swept before.
 */
async function linkAfresh(from: string, to: string, now: number): Promise<boolean> {
  try {
    await utimes(from, now / 1000, now / 1000);
    await link(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    // Some file systems of networks have no second names.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    await rename(from, to);
    return true;
  }
}

const isNotFailed = ({ state }: Video): Refusal =>
  new Refusal(409, `the video is ${state}: only one that is notAvailable is tried again`);
