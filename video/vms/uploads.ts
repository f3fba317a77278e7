import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Context } from 'hono';
import { problem } from '../../platform/http/problem.js';
import { type Folders, remove, sync } from '../jobs/folders.js';
import { jobId } from '../jobs/topics.js';
import type { Directory } from './directory.js';
import { type OutboxRelay, outboxEntry } from './outbox.js';
import { receiveFile, UploadError } from './receive.js';
import { publicVideo, type Video } from './records.js';

export interface UploadContext {
  readonly directory: Directory;
  readonly folders: Folders;
  readonly relay: OutboxRelay;
  /** Greatest upload, bytes. */
  readonly uploadLimit: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly newId: () => string;
}

/** Receives the file aside; then its name, the video's state and the job come into being together. */
export async function takeUpload(c: Context, { id }: Video, context: UploadContext): Promise<Response> {
  const { directory, folders, relay, uploadLimit, clock, newId } = context;
  const { body } = c.req.raw;
  if (!body) return problem(400, 'the request has no body');
  const upload = newId();
  const incoming = join(folders.incoming, upload);
  const contentType = c.req.header('content-type') ?? '';
  try {
    await receiveFile(Readable.fromWeb(body as ReadableStream), {
      contentType,
      path: incoming,
      limit: uploadLimit,
    });
  } catch (error) {
    if (error instanceof UploadError) return problem(error.status, error.message);
    throw error;
  }
  const uploadedAt = clock();
  const job = jobId(id, upload);
  await rename(incoming, folders.upload(job));
  // The state says that the file is there: its name must outlive a loss of power, as its content does.
  await sync(folders.uploads);
  const requestId = c.req.header('x-request-id') ?? null;
  const traceparent = c.req.header('traceparent') ?? null;
  const asked = { requestId, traceparent };
  const entry = { kind: 'process', id: job, video: id, upload, createdAt: uploadedAt, ...asked } as const;
  const changed = await directory.change(
    id,
    (video) => (video.state === 'waitingUpload' ? { ...video, state: 'uploaded', upload, uploadedAt } : null),
    [outboxEntry(entry)],
  );
  if (!changed) {
    await remove(folders.upload(job));
    const now = await directory.video(id);
    return now ? wrongState(now) : noSuchVideo();
  }
  relay.wake();
  return c.json(publicVideo(changed), 202);
}

export const noSuchVideo = (): Response => problem(404, 'there is no such video');

export const wrongState = ({ state }: Video): Response =>
  problem(409, `the video is ${state}: a file is taken once, while it is waitingUpload`);
