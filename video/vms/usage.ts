import type { Store, Write } from '../../platform/store/store.js';

/** What a user has. */
export interface Usage {
  readonly videos: number;
  readonly bytes: number;
}

/** What a user may have at most; Infinity for no limit. */
export interface UserLimits extends Usage {
  /** Uploads at a time, in each replica. */
  readonly uploads: number;
}

export const noLimits: UserLimits = {
  videos: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  uploads: Number.POSITIVE_INFINITY,
};

/** A user would have more than he may. */
export class OverLimit extends Error {
  override readonly name = 'OverLimit';

  constructor(
    readonly limit: 'videos' | 'bytes',
    readonly used: number,
    readonly most: number,
  ) {
    super(
      limit === 'videos'
        ? `you have ${used} videos, and may have ${most}: delete one first`
        : `you have ${used} bytes stored, and may have ${most}: delete a video first, or send a smaller file`,
    );
  }
}

const usageKey = (owner: string): string => `usage/${owner}`;

/** What each user has: a record that changes in the transaction of what it counts, so that it is never wrong. */
export class Usages {
  /** `count` counts what a user has who has no record yet. */
  constructor(
    readonly store: Store,
    readonly count: (owner: string) => Promise<Usage>,
  ) {}

  async of(owner: string): Promise<Usage> {
    return (await this.#read(owner)).usage;
  }

  /**
   * The write that goes with so much more, or less, of a user's; the transaction fails where it came to be out of
   * date. Rejects with `OverLimit` where it would be more than `most`.
   */
  async change(owner: string, by: Usage, most: Usage = noLimits): Promise<Write> {
    const { usage, version } = await this.#read(owner);
    for (const limit of ['videos', 'bytes'] as const)
      if (by[limit] > 0 && usage[limit] + by[limit] > most[limit])
        throw new OverLimit(limit, usage[limit], most[limit]);
    const changed: Usage = {
      videos: Math.max(0, usage.videos + by.videos),
      bytes: Math.max(0, usage.bytes + by.bytes),
    };
    return { key: usageKey(owner), value: JSON.stringify(changed), version };
  }

  async #read(owner: string): Promise<{ readonly usage: Usage; readonly version: number }> {
    const found = await this.store.get(usageKey(owner));
    if (found) return { usage: JSON.parse(found.value) as Usage, version: found.version };
    return { usage: await this.count(owner), version: 0 };
  }
}
