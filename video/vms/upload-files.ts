import { createWriteStream } from 'node:fs';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DataStore, ERRORS, FileKvStore, Upload } from '@tus/server';
import { exists, type Folders, list, remove, statOf } from '../jobs/folders.js';
import { jobId } from '../jobs/topics.js';
import type { Directory } from './directory.js';
import { refuseOthers } from './receive.js';
import { Refusal } from './refusal.js';

export interface UploadFilesOptions {
  /** Where uploads lie that go on: each file beside a description of it (`.json`). */
  readonly folder: string;
  /** Where a complete one lies until it is processed. */
  readonly complete: (id: string) => string;
  readonly directory: Directory;
  /** How long after its creation an upload may go on, ms. */
  readonly lastsMs: number;
}

/** So many bytes say whether it is an mp4. */
const HEAD_BYTES = 12;

/**
 * The files of uploads that may be broken off and go on, by the name of their job: `VIDEO.UPLOAD`. (Not `FileStore`:
 * it throws where nobody can catch it when its folder cannot be made, and does not tell that a disk is full.)
 */
export class UploadFiles extends DataStore {
  override extensions = [
    'creation',
    'creation-with-upload',
    'creation-defer-length',
    'termination',
    'expiration',
  ];
  readonly #described: FileKvStore;

  constructor(readonly options: UploadFilesOptions) {
    super();
    this.#described = new FileKvStore(options.folder);
  }

  override getExpiration(): number {
    return this.options.lastsMs;
  }

  override async create(upload: Upload): Promise<Upload> {
    await writeFile(join(this.options.folder, upload.id), '', { flag: 'wx' });
    await this.#described.set(upload.id, upload);
    return upload;
  }

  override async remove(id: string): Promise<void> {
    await rm(join(this.options.folder, id), { force: true });
    await this.#described.delete(id).catch(() => undefined);
  }

  override async declareUploadLength(id: string, size: number): Promise<void> {
    const described = await this.#described.get(id);
    if (described === undefined) throw ERRORS.FILE_NOT_FOUND;
    await this.#described.set(id, Object.assign(described, { size }));
  }

  /** Where a file is: it may have been moved, and then not been taken. */
  async path(id: string): Promise<string> {
    const [here, moved] = [join(this.options.folder, id), this.options.complete(id)];
    return !(await exists(here)) && (await exists(moved)) ? moved : here;
  }

  /** Resolves to the offset behind what was written. */
  override async write(body: Readable, id: string, offset: number): Promise<number> {
    const path = await this.path(id);
    try {
      await pipeline(body, createWriteStream(path, { flags: 'r+', start: offset }));
      const { size } = await stat(path);
      // What is no video is refused at once, and not when all of it has come.
      if (offset < HEAD_BYTES && size >= HEAD_BYTES) await this.#refuseOthers(id);
      return size;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EDQUOT') throw new Refusal(507, 'there is no room for the file');
      // Meanwhile it was given up, or begun anew, or its video was deleted.
      if (code === 'ENOENT') throw ERRORS.FILE_NO_LONGER_EXISTS;
      throw error;
    }
  }

  /** What an upload is to have, bytes; null where that is not said yet. */
  async sizeOf(id: string): Promise<number | null> {
    return (await this.#described.get(id).catch(() => undefined))?.size ?? null;
  }

  /** What is complete, and was moved to where it is processed from, is still known as complete. */
  override async getUpload(id: string): Promise<Upload> {
    const described = await this.#described.get(id);
    if (described === undefined) throw ERRORS.FILE_NOT_FOUND;
    const { size, metadata, creation_date } = described;
    const [video = '', upload] = id.split('.');
    const found = await statOf(await this.path(id));
    const isTaken = (await this.options.directory.video(video))?.upload === upload;
    if (found === null && !isTaken) throw ERRORS.FILE_NO_LONGER_EXISTS;
    return Object.assign(new Upload({ id, offset: found?.size ?? size ?? 0 }), {
      size,
      metadata,
      creation_date,
    });
  }

  /** Makes a complete file outlive a loss of power. Rejects with a `Refusal` where it is none that is taken. */
  async seal(id: string): Promise<void> {
    const path = await this.path(id);
    const { size } = await stat(path);
    if (size < HEAD_BYTES) await this.#refuse(id, size === 0 ? 'the file is empty' : 'the file is no mp4');
    await this.#refuseOthers(id);
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async #refuseOthers(id: string): Promise<void> {
    const handle = await open(await this.path(id), 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      await handle.read(head, 0, HEAD_BYTES, 0);
      refuseOthers(head);
    } catch (error) {
      await this.#refuse(id, (error as Error).message);
    } finally {
      await handle.close();
    }
  }

  async #refuse(id: string, why: string): Promise<never> {
    await this.remove(id);
    throw new Refusal(415, why);
  }
}

/** Removes what came so far of uploads for a video. */
export async function removeUploads({ resumable }: Folders, video: string): Promise<void> {
  for (const { name, path } of await list(resumable))
    if (name.startsWith(jobId(video, ''))) await remove(path);
}
