import { Metadata, Server, type Upload } from '@tus/server';
import { list } from '../jobs/folders.js';
import { jobId } from '../jobs/topics.js';
import type { User, Video } from './records.js';
import { noSuchVideo, notYours, Refusal } from './refusal.js';
import { removeUploads, UploadFiles } from './upload-files.js';
import { UploadLocks, type UploadLocksOptions } from './upload-locks.js';
import { type Asked, completeUpload, roomFor, type UploadContext, uploadable } from './uploads.js';

export interface ResumableContext extends UploadContext, UploadLocksOptions {
  /** How long after its creation an upload may go on, ms. */
  readonly abandonAfter: number;
}

/** A request that is asked to let go of an upload writes what came with it for so long, ms. */
const DRAIN_MS = 500;
/** The protocol that is spoken; every answer says so. */
const VERSION = { 'tus-resumable': '1.0.0' };
const ids = /^[\w-]{1,200}\.[\w-]{1,200}$/;
/** What `cross-origin` answers is the gateway's to say. */
const foreign = /^access-control-/;

/**
 * Uploads that may be broken off and go on where they were (tus 1.0: creation, creation-with-upload,
 * creation-defer-length, termination, expiration). The protocol is the library's; who may upload what, when a file is
 * complete, and what follows are as with any other upload.
 */
export class ResumableUploads {
  readonly #files: UploadFiles;
  readonly #server: Server;
  readonly #asked = new WeakMap<object, Asked>();
  readonly #failed = new WeakMap<object, unknown>();
  readonly #taken = new WeakMap<object, Video>();

  constructor(readonly context: ResumableContext) {
    const { folders, directory, uploadLimit, newId, abandonAfter: lastsMs } = context;
    this.#files = new UploadFiles({
      ...{ folder: folders.resumable, directory, lastsMs },
      complete: (id) => folders.upload(id),
    });
    this.#server = new Server({
      path: '/uploads',
      datastore: this.#files,
      maxSize: uploadLimit,
      locker: new UploadLocks(context),
      lockDrainTimeout: DRAIN_MS,
      // Relative to the request: the gateway's prefix stays as it is.
      generateUrl: (_, { id }) => `uploads/${id}`,
      namingFunction: (_, metadata) => jobId(metadata?.video ?? '', newId()),
      onUploadCreate: async (_, { metadata }) => {
        const video = metadata?.video ?? '';
        // One at a time for each video: what was begun before, and is not complete, is given up.
        await removeUploads(folders, video);
        return { metadata: { video } };
      },
      onUploadFinish: async (request, upload) => {
        await this.#complete(upload, request);
        return {};
      },
      onResponseError: (request, error) => {
        this.#failed.set(request, error);
        return undefined;
      },
    });
  }

  /** Begins an upload for the video that `Upload-Metadata` names. Rejects with a `Refusal`. */
  async create(request: Request, user: User, asked: Asked): Promise<Response> {
    const { directory, most, slots } = this.context;
    this.#asked.set(request, asked);
    const id = videoIn(request.headers.get('upload-metadata'));
    const video = await uploadable(id, user, directory);
    const pending = Number.isFinite(most.bytes) ? await this.#pending(video) : 0;
    const { room, full } = await roomFor(video, { directory, most }, pending);
    if (Number(request.headers.get('upload-length')) > room) throw full;
    using _ = slots.take(user.id);
    return this.#handle(request);
  }

  /** Goes on with an upload of the user's: how far it is (HEAD), more of it (PATCH), or its end (DELETE). */
  async goOn(id: string, request: Request, user: User, asked: Asked): Promise<Response> {
    this.#asked.set(request, asked);
    const upload = await this.#find(id);
    const video = await this.context.directory.video(upload.metadata?.video ?? '');
    if (!video) throw noSuchVideo();
    if (video.owner !== user.id) throw notYours();
    if (request.method !== 'PATCH') {
      // All of it came, but we, or the store, went down before it was taken.
      if (request.method === 'HEAD' && upload.offset === upload.size && video.upload !== uploadIn(id))
        await this.#complete(upload, request);
      return this.#handle(request);
    }
    using _ = this.context.slots.take(user.id);
    return this.#handle(request);
  }

  /** What is spoken here, for clients that ask. */
  options(request: Request): Promise<Response> {
    return this.#handle(request);
  }

  /** The video whose file the request made complete; null where it did not. */
  takenBy(request: Request): Video | null {
    return this.#taken.get(request) ?? null;
  }

  /** What the other uploads of a video's owner that have begun may come to, bytes. */
  async #pending({ id, owner }: Video): Promise<number> {
    const { folders, directory, uploadLimit } = this.context;
    let sum = 0;
    for (const { name } of await list(folders.resumable)) {
      const [of = ''] = name.split('.');
      if (of === id || name.endsWith('.json') || (await directory.video(of))?.owner !== owner) continue;
      sum += (await this.#files.sizeOf(name)) ?? uploadLimit;
    }
    return sum;
  }

  async #find(id: string): Promise<Upload> {
    if (ids.test(id))
      try {
        return await this.#files.getUpload(id);
      } catch (error) {
        if (!isTusError(error)) throw error;
      }
    throw new Refusal(404, 'there is no such upload, or it has expired: begin it anew', { headers: VERSION });
  }

  async #complete({ id, size = 0, metadata }: Upload, request: object): Promise<void> {
    try {
      await this.#files.seal(id);
      const file = { path: await this.#files.path(id), upload: uploadIn(id), bytes: size };
      const asked = this.#asked.get(request) ?? nobody;
      const video = await completeUpload(metadata?.video ?? '', file, asked, this.context);
      this.#taken.set(request, video);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // The client asked again while its request before completes it: it moves the file.
      throw isBusy();
    }
  }

  async #handle(request: Request): Promise<Response> {
    const answer = await this.#server.handleWeb(request as Parameters<Server['handleWeb']>[0]);
    const failed = this.#failed.get(request);
    if (failed !== undefined && !isTusError(failed)) throw failed;
    if (answer.status >= 400) throw refusalOf(answer.status, await answer.text());
    for (const name of [...answer.headers.keys()]) if (foreign.test(name)) answer.headers.delete(name);
    return answer;
  }
}

const nobody: Asked = { requestId: null, traceparent: null };
const uploadIn = (id: string): string => id.split('.')[1] ?? '';

const isBusy = (): Refusal =>
  new Refusal(423, 'another request writes to this upload: try again', {
    headers: { ...VERSION, 'retry-after': '2' },
  });

const isTusError = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'status_code' in error;

/** What the library refuses, said as everywhere else. */
function refusalOf(status: number, body: string): Refusal {
  // It calls it an error of ours that another request has the upload.
  if (status === 500 && body.includes('lock')) return isBusy();
  return new Refusal(status, body.trim() || 'the request does not follow tus 1.0.0', { headers: VERSION });
}

function videoIn(metadata: string | null): string {
  const wanted = 'say which video it is for: Upload-Metadata: video, and its id as base64';
  try {
    const { video } = Metadata.parse(metadata ?? '');
    if (video && /^[\w-]{1,200}$/.test(video)) return video;
  } catch {
    // Told below.
  }
  throw new Refusal(400, wanted, { headers: VERSION });
}
