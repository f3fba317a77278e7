import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { discard, type Folders, remove, sync } from '../jobs/folders.js';
import { jobId } from '../jobs/topics.js';
import type { Directory } from './directory.js';
import { type OutboxRelay, outboxEntry } from './outbox.js';
import { receiveFile, UploadError } from './receive.js';
import type { State, User, Video } from './records.js';
import { noSuchVideo, notYours, Refusal } from './refusal.js';
import type { UploadSlots } from './slots.js';
import { OverLimit, type Usage } from './usage.js';

export interface UploadContext {
  readonly directory: Directory;
  readonly folders: Folders;
  readonly relay: OutboxRelay;
  readonly slots: UploadSlots;
  /** Greatest upload, bytes. */
  readonly uploadLimit: number;
  /** What a user may have at most. */
  readonly most: Usage;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly newId: () => string;
}

/** Of the request that asks for it: what its job and its lines carry on. */
export interface Asked {
  readonly requestId: string | null;
  readonly traceparent: string | null;
}

/** A file that is complete, somewhere below the folders of videos. */
export interface CompleteFile {
  readonly path: string;
  /** A new id, by which this upload is told from others of its video. */
  readonly upload: string;
  readonly bytes: number;
}

const takesFile: readonly State[] = ['waitingUpload', 'notAvailable'];

/** The video that this user may upload a file to. Rejects with a `Refusal` that says why not. */
export async function uploadable(id: string, user: User, directory: Directory): Promise<Video> {
  const video = await directory.video(id);
  if (!video)
    throw new Refusal(400, `there is no video ${id}: create one first, and send the file to its id`);
  if (video.owner !== user.id) throw notYours();
  if (!takesFile.includes(video.state)) throw isNotWaiting(video);
  return video;
}

/** So many bytes the file of a video may have by what its owner has stored, or has begun to send, and what is said of more. */
export async function roomFor(
  { owner, bytes }: Video,
  { directory, most }: Pick<UploadContext, 'directory' | 'most'>,
  pending = 0,
): Promise<{ readonly room: number; readonly full: Refusal }> {
  const used = (await directory.usages.of(owner)).bytes + pending;
  const room = most.bytes - used + bytes;
  const full = refusalOf(new OverLimit('bytes', used, most.bytes));
  if (room <= 0) throw full;
  return { room, full };
}

/** Receives the file of a video aside, as multipart form, and completes the upload. */
export async function takeUpload(
  video: Video,
  { body, contentType, ...asked }: Asked & { readonly body: Readable; readonly contentType: string },
  context: UploadContext,
): Promise<Video> {
  const { folders, slots, uploadLimit, newId } = context;
  using _ = slots.take(video.owner);
  const { room, full } = await roomFor(video, context);
  const upload = newId();
  const path = join(folders.incoming, upload);
  try {
    const bytes = await receiveFile(body, { contentType, path, limit: Math.min(uploadLimit, room) });
    return await completeUpload(video.id, { path, upload, bytes }, asked, context);
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    if (error.status === 413 && room < uploadLimit) throw full;
    throw new Refusal(error.status, error.message);
  }
}

/**
 * What follows a complete file, however it came: its name, the video's state and the job come into being together,
 * or the file is removed. Resolves to the video; rejects with a `Refusal` where it takes no file any more.
 */
export async function completeUpload(
  id: string,
  { path, upload, bytes }: CompleteFile,
  asked: Asked,
  context: UploadContext,
): Promise<Video> {
  await rename(path, context.folders.upload(jobId(id, upload)));
  const may = (one: Video): boolean => takesFile.includes(one.state) && one.upload !== upload;
  const changed = await enqueue(id, { upload, may, bytes: () => bytes }, asked, context);
  if (changed) return changed;
  const now = await context.directory.video(id);
  // Another request of the same client completed it just before.
  if (now?.upload === upload) return now;
  throw now ? isNotWaiting(now) : noSuchVideo();
}

/**
 * Makes a file that has its name in the folder of uploads the one that is processed for a video, where `may` says
 * so of it; else removes it, and resolves to null.
 */
export async function enqueue(
  id: string,
  one: {
    readonly upload: string;
    readonly may: (video: Video) => boolean;
    readonly bytes: (video: Video) => number;
  },
  asked: Asked,
  { directory, folders, relay, clock, most }: UploadContext,
): Promise<Video | null> {
  const { upload, may, bytes } = one;
  const job = jobId(id, upload);
  // The state says that the file is there: its name must outlive a loss of power, as its content does.
  await sync(folders.uploads);
  // What was published of an earlier upload after that was given up would be taken for this one's.
  if ((await directory.video(id))?.state === 'notAvailable') await discard(folders.video(id));
  const uploadedAt = clock();
  const entry = { kind: 'process', id: job, video: id, upload, createdAt: uploadedAt, ...asked } as const;
  let before: string | null = null;
  const change = (video: Video): Video | null => {
    before = video.upload;
    if (!may(video)) return null;
    const begun = { progress: 0, encoding: null, reason: null, endedAt: null };
    return { ...video, state: 'uploaded', upload, uploadedAt, bytes: bytes(video), ...begun };
  };
  try {
    const changed = await directory.change(id, change, { also: () => [outboxEntry(entry)], most });
    if (changed) relay.wake();
    // What it has already is being processed, whoever sends it again.
    const needless = changed ? before : before === upload ? null : upload;
    // It is done: a file that stays after all is swept.
    if (needless !== null) await remove(folders.upload(jobId(id, needless))).catch(() => undefined);
    return changed;
  } catch (error) {
    // After another failure it may be done all the same, and the file be needed: else it is swept.
    if (!(error instanceof OverLimit)) throw error;
    await remove(folders.upload(job));
    throw refusalOf(error);
  }
}

export const refusalOf = ({ message, limit }: OverLimit): Refusal => new Refusal(409, message, { limit });

const isNotWaiting = ({ state }: Video): Refusal =>
  new Refusal(409, `the video is ${state}: a file is taken while it is waitingUpload or notAvailable`);
