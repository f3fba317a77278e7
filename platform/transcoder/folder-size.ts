import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How much an encode has written. What is finished is looked at once: a long video has tens of thousands of files. */
export class FolderSize {
  readonly #finished = new Map<string, number>();

  constructor(readonly folder: string) {}

  /** Bytes; what is gone in the meantime counts as nothing. */
  async bytes(): Promise<number> {
    let sum = 0;
    for (const name of await readdir(this.folder).catch(() => [])) {
      const known = this.#finished.get(name);
      const size = known ?? (await stat(join(this.folder, name)).catch(() => null))?.size ?? 0;
      // Segments are renamed to their name when they are whole; init segments and playlists are written again.
      if (known === undefined && /^seg-.*\.m4s$/.test(name)) this.#finished.set(name, size);
      sum += size;
    }
    return sum;
  }
}
