import type { Lines } from '../../platform/telemetry/lines.js';
import { type Folders, list, remove } from '../jobs/folders.js';
import type { Directory } from './directory.js';
import type { Video } from './records.js';

export interface SweepOptions {
  readonly directory: Directory;
  readonly folders: Folders;
  readonly lines: Lines;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Files that nobody has touched for so long, and that nothing refers to, are removed, ms. */
  readonly sweepAfter: number;
  /** A video that nobody has processed for so long is given up, ms. */
  readonly giveUpAfter: number;
  /** A video whose file did not come for so long, and an upload that does not go on, is removed, ms. */
  readonly abandonAfter: number;
  /** For so long the upload of a video that failed is kept, ms. */
  readonly keepFailed: number;
}

/** Removes what crashes and clients that went away left behind; resolves to the files that were removed. */
export async function sweep(options: SweepOptions): Promise<readonly string[]> {
  await sweepRecords(options);
  return sweepFiles(options);
}

async function sweepFiles({
  directory,
  folders,
  clock,
  sweepAfter,
  abandonAfter,
}: SweepOptions): Promise<readonly string[]> {
  const stale = ({ changedAt }: { changedAt: number }): boolean => clock() - changedAt > sweepAfter;
  const removed: string[] = [];
  const drop = async (path: string): Promise<void> => {
    await remove(path);
    removed.push(path);
  };
  for (const found of await list(folders.incoming)) if (stale(found)) await drop(found.path);
  const resumable = await list(folders.resumable);
  // Of a file and its description, the newer one says when it was touched.
  const touched = new Map<string, number>();
  const named = (name: string): string => name.replace(/\.json$/, '');
  for (const { name, changedAt } of resumable)
    touched.set(named(name), Math.max(changedAt, touched.get(named(name)) ?? 0));
  for (const { name, path } of resumable) {
    const idle = clock() - (touched.get(named(name)) ?? 0);
    // Nobody can go on with one whose video is gone.
    const isLost = idle > sweepAfter && (await directory.video(name.split('.')[0] ?? '')) === null;
    if (isLost || idle > abandonAfter) await drop(path);
  }
  for (const found of await list(folders.uploads)) {
    const [id = '', upload] = found.name.replace(/\.mp4$/, '').split('.');
    const video = await directory.video(id);
    const isNeeded = video !== null && video.upload === upload && needsUpload(video);
    if (!isNeeded && stale(found)) await drop(found.path);
  }
  for (const found of await list(folders.published)) {
    const video = await directory.video(found.name);
    if ((video === null || video.state === 'notAvailable') && stale(found)) await drop(found.path);
  }
  return removed;
}

/** Until it is published; and where it failed, for as long as it counts as stored. */
const needsUpload = ({ state, bytes }: Video): boolean =>
  state === 'uploaded' || (state === 'notAvailable' && bytes > 0);

async function sweepRecords(options: SweepOptions): Promise<void> {
  const { directory, lines, clock, giveUpAfter, abandonAfter, keepFailed } = options;
  const now = clock();
  const isAbandoned = ({ state, createdAt }: Video): boolean =>
    state === 'waitingUpload' && now - Date.parse(createdAt) > abandonAfter;
  const isGivenUp = ({ state, uploadedAt }: Video): boolean =>
    state === 'uploaded' && uploadedAt !== null && now - uploadedAt > giveUpAfter;
  const isForgotten = ({ state, bytes, endedAt }: Video): boolean =>
    state === 'notAvailable' && bytes > 0 && now - (endedAt ?? 0) > keepFailed;
  const reason = 'nobody processed it in time';
  for await (const video of directory.allVideos()) {
    const { id, owner } = video;
    let action = '';
    if (isAbandoned(video) && (await directory.remove(id, isAbandoned))) action = 'abandoned';
    else if (
      isGivenUp(video) &&
      (await directory.change(id, (one) =>
        isGivenUp(one) ? { ...one, state: 'notAvailable', reason, endedAt: now } : null,
      ))
    )
      action = 'given up';
    else if (
      isForgotten(video) &&
      (await directory.change(id, (one) => (isForgotten(one) ? { ...one, bytes: 0 } : null)))
    )
      action = 'upload forgotten';
    if (action !== '')
      lines.info({ component: 'vms', audit: true, action, user: owner, video: id }, `video ${action}`);
  }
}
