import { createHash } from 'node:crypto';
import type { Store, Write } from '../../platform/store/store.js';
import { type Asked, keysBehind, type Page, pageOf } from './listing.js';
import { type State, type User, type Video, videoOf } from './records.js';
import { noLimits, type Usage, Usages } from './usage.js';

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
const USER = 'user/';
const VIDEO = 'video/';
const userKey = (id: string): string => USER + id;
const emailKey = (email: string): string => `email/${digest(email.toLowerCase())}`;
const videoKey = (id: string): string => VIDEO + id;
const nameKey = (owner: string, name: string): string => `video-name/${digest(owner, name)}`;
const ownedKeys = (owner: string): string => `owned/${owner}/`;
/** Says that every video is listed by its owner, too. */
const OWNERS_KEY = 'directory/owners';

export interface ChangeOptions {
  /** What is written in the same transaction. */
  readonly also?: (video: Video) => readonly Write[];
  /** What its owner may have at most. */
  readonly most?: Usage;
}

/**
 * Users and videos in the store. What must be unique is a key of its own, and what a user has is counted, in the
 * same transaction.
 */
export class Directory {
  readonly usages: Usages;

  constructor(readonly store: Store) {
    this.usages = new Usages(store, (owner) => this.#count(owner));
  }

  /** False where the e-mail address is taken. */
  addUser(user: User): Promise<boolean> {
    return this.store.transact([
      { key: emailKey(user.email), value: user.id, version: 0 },
      { key: userKey(user.id), value: JSON.stringify(user), version: 0 },
    ]);
  }

  async userByEmail(email: string): Promise<User | null> {
    const id = await this.store.get(emailKey(email));
    const user = id && (await this.store.get(userKey(id.value)));
    return user ? (JSON.parse(user.value) as User) : null;
  }

  /** A page of users, by id. */
  users(asked: Asked): Promise<Page<User>> {
    const from = keysBehind(this.store, USER);
    return pageOf(asked, async (after, limit) =>
      (await from(after, limit)).map(({ id, value }) => ({ id, item: JSON.parse(value) as User })),
    );
  }

  /** False where the owner has a video of that name. Rejects with `OverLimit` where he has as many as he may. */
  async addVideo(video: Video, most: Usage = noLimits): Promise<boolean> {
    const { id, owner, name, bytes } = video;
    const name_ = nameKey(owner, name);
    for (;;) {
      if ((await this.store.get(name_)) ?? (await this.store.get(videoKey(id)))) return false;
      const done = await this.store.transact([
        { key: name_, value: id, version: 0 },
        { key: videoKey(id), value: JSON.stringify(video), version: 0 },
        { key: ownedKeys(owner) + id, value: '' },
        await this.usages.change(owner, { videos: 1, bytes }, most),
      ]);
      if (done) return true;
    }
  }

  async video(id: string): Promise<Video | null> {
    const found = await this.store.get(videoKey(id));
    return found ? videoOf(found.value) : null;
  }

  /**
   * Changes a video by compare-and-set: `change` says what it becomes, or null to leave it, and is asked
   * again when another change came between. Resolves to the changed video; null where it was left, or is not
   * there. Rejects with `OverLimit` where its owner would have more than `most`.
   */
  async change(
    id: string,
    change: (video: Video) => Video | null,
    { also = () => [], most = noLimits }: ChangeOptions = {},
  ): Promise<Video | null> {
    for (;;) {
      const found = await this.store.get(videoKey(id));
      const before = found && videoOf(found.value);
      const changed = before && change(before);
      if (!found || !before || !changed) return null;
      const write = { key: videoKey(id), value: JSON.stringify(changed), version: found.version };
      const bytes = changed.bytes - before.bytes;
      const usage = bytes === 0 ? [] : [await this.usages.change(before.owner, { videos: 0, bytes }, most)];
      if (await this.store.transact([write, ...usage, ...also(changed)])) return changed;
    }
  }

  /** Removes a video and frees its name, where `may` says so of it; resolves to what was removed, or null. */
  async remove(
    id: string,
    may: (video: Video) => boolean,
    also: (video: Video) => readonly Write[] = () => [],
  ): Promise<Video | null> {
    for (;;) {
      const found = await this.store.get(videoKey(id));
      const video = found && videoOf(found.value);
      if (!found || !video || !may(video)) return null;
      const { owner, name, bytes } = video;
      const done = await this.store.transact([
        { key: videoKey(id), delete: true, version: found.version },
        { key: nameKey(owner, name), delete: true },
        { key: ownedKeys(owner) + id, delete: true },
        await this.usages.change(owner, { videos: -1, bytes: -bytes }),
        ...also(video),
      ]);
      if (done) return video;
    }
  }

  /** A page of videos, by id: all, or those of an owner, in any state or in one. */
  videos({
    owner,
    state,
    ...asked
  }: Asked & { readonly owner?: string; readonly state?: State }): Promise<Page<Video>> {
    const read = owner === undefined ? this.#videos() : this.#videosOf(owner);
    return pageOf(asked, read, state && ((video) => video.state === state));
  }

  /** All videos, page by page. */
  async *allVideos(): AsyncGenerator<Video> {
    for (let after = ''; ; ) {
      const { items, next } = await this.videos({ after, limit: 1000 });
      yield* items;
      if (next === null) return;
      after = next;
    }
  }

  /** Lists by their owners the videos that were there before there was such a list. */
  async listOwners(): Promise<void> {
    if (await this.store.get(OWNERS_KEY)) return;
    // Together with the video, which may be removed meanwhile.
    for await (const { id, owner } of this.allVideos())
      await this.change(id, (video) => video, { also: () => [{ key: ownedKeys(owner) + id, value: '' }] });
    await this.store.transact([{ key: OWNERS_KEY, value: '' }]);
  }

  #videos(): (after: string, limit: number) => Promise<readonly { id: string; item: Video }[]> {
    const from = keysBehind(this.store, VIDEO);
    return async (after, limit) =>
      (await from(after, limit)).map(({ id, value }) => ({ id, item: videoOf(value) }));
  }

  #videosOf(
    owner: string,
  ): (after: string, limit: number) => Promise<readonly { id: string; item: Video | null }[]> {
    const from = keysBehind(this.store, ownedKeys(owner));
    return async (after, limit) =>
      Promise.all((await from(after, limit)).map(async ({ id }) => ({ id, item: await this.video(id) })));
  }

  async #count(owner: string): Promise<Usage> {
    let [videos, bytes] = [0, 0];
    for (let after = ''; ; ) {
      const page = await this.videos({ owner, after, limit: 1000 });
      videos += page.items.length;
      bytes += page.items.reduce((sum, one) => sum + one.bytes, 0);
      if (page.next === null) return { videos, bytes };
      after = page.next;
    }
  }
}
