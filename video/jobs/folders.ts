import type { Stats } from 'node:fs';
import { open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** Where video files lie: one file system, shared by video management, video processing and the gateway. */
export class Folders {
  /** Uploads that are still coming in. */
  readonly incoming: string;
  /** Uploads that may be broken off and go on: `VIDEO.UPLOAD`, each with a description beside it. */
  readonly resumable: string;
  /** Complete uploads that wait for processing: `VIDEO.UPLOAD.mp4`. */
  readonly uploads: string;
  /** Published videos, a folder each, named by their id. */
  readonly published: string;
  /** Encodes under way: `VIDEO.UPLOAD.ATTEMPT`. */
  readonly work: string;

  constructor(readonly root: string) {
    this.incoming = join(root, 'incoming');
    this.resumable = join(root, 'resumable');
    this.uploads = join(root, 'uploads');
    this.published = join(root, 'published');
    this.work = join(root, 'work');
  }

  get all(): readonly string[] {
    return [this.incoming, this.resumable, this.uploads, this.published, this.work];
  }

  upload(job: string): string {
    return join(this.uploads, `${job}.mp4`);
  }

  video(id: string): string {
    return join(this.published, id);
  }
}

export interface Found {
  readonly name: string;
  readonly path: string;
  /** When it, or the newest file in it, was last changed, ms since the epoch. */
  readonly changedAt: number;
}

/** What lies in a folder; nothing where it is not there. */
export async function list(folder: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const name of await names(folder)) {
    const path = join(folder, name);
    const changed = await changedAt(path);
    if (changed === null) continue;
    const inside = await Promise.all((await names(path)).map((one) => changedAt(join(path, one))));
    found.push({ name, path, changedAt: Math.max(changed, ...inside.map((at) => at ?? 0)) });
  }
  return found;
}

export const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Removes a folder in which somebody may still be at work: it is gone at once, never half of it. */
export async function discard(path: string): Promise<void> {
  const gone = path.endsWith(GONE) ? path : `${path}${GONE}`;
  try {
    if (gone !== path) await rename(path, gone);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await remove(gone);
}

const GONE = '.gone';

/** Makes a file's content, or a folder's entries, survive a loss of power. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What is left on the disk of a folder for such as us, bytes. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

async function changedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return null;
  }
}

/** Null for what is not there; rejects where that cannot be told: a disk that does not answer has not lost the file. */
export async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

export const exists = async (path: string): Promise<boolean> => (await statOf(path)) !== null;
