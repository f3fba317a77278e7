import { type Folders, list, remove } from '../jobs/folders.js';
import type { Directory } from './directory.js';

export interface SweepOptions {
  readonly directory: Directory;
  readonly folders: Folders;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Files that nobody has touched for so long, and that nothing refers to, are removed, ms. */
  readonly sweepAfter: number;
  /** A video that nobody has processed for so long is given up, ms. */
  readonly giveUpAfter: number;
}

/** Removes what crashes and clients that went away left behind; resolves to what was removed. */
export async function sweep(options: SweepOptions): Promise<readonly string[]> {
  const { directory, folders, clock, sweepAfter, giveUpAfter } = options;
  const stale = ({ changedAt }: { changedAt: number }): boolean => clock() - changedAt > sweepAfter;
  const removed: string[] = [];
  const drop = async (path: string): Promise<void> => {
    await remove(path);
    removed.push(path);
  };
  for (const found of await list(folders.incoming)) if (stale(found)) await drop(found.path);
  for (const found of await list(folders.uploads)) {
    const [id = '', upload] = found.name.replace(/\.mp4$/, '').split('.');
    const video = await directory.video(id);
    const wanted = video?.state === 'uploaded' && video.upload === upload;
    if (!wanted && stale(found)) await drop(found.path);
  }
  for (const found of await list(folders.published)) {
    const video = await directory.video(found.name);
    if ((video === null || video.state === 'notAvailable') && stale(found)) await drop(found.path);
  }
  for (const { id, state, uploadedAt } of await directory.videos()) {
    if (state !== 'uploaded' || uploadedAt === null || clock() - uploadedAt <= giveUpAfter) continue;
    const reason = 'nobody processed it in time';
    await directory.change(id, (video) =>
      video.state === 'uploaded' && video.uploadedAt === uploadedAt
        ? { ...video, state: 'notAvailable', reason }
        : null,
    );
  }
  return removed;
}
