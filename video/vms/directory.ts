import { createHash } from 'node:crypto';
import type { Store, Write } from '../../platform/store/store.js';
import type { User, Video } from './records.js';

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
const userKey = (id: string): string => `user/${id}`;
const emailKey = (email: string): string => `email/${digest(email.toLowerCase())}`;
const videoKey = (id: string): string => `video/${id}`;
const nameKey = (owner: string, name: string): string => `video-name/${digest(owner, name)}`;

/** Users and videos in the store; what must be unique is a key of its own, written in the same transaction. */
export class Directory {
  constructor(readonly store: Store) {}

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

  users(): Promise<readonly User[]> {
    return this.#all('user/');
  }

  /** False where the owner has a video of that name. */
  addVideo(video: Video): Promise<boolean> {
    return this.store.transact([
      { key: nameKey(video.owner, video.name), value: video.id, version: 0 },
      { key: videoKey(video.id), value: JSON.stringify(video), version: 0 },
    ]);
  }

  async video(id: string): Promise<Video | null> {
    const found = await this.store.get(videoKey(id));
    return found ? (JSON.parse(found.value) as Video) : null;
  }

  /**
   * Changes a video by compare-and-set: `change` says what it becomes, or null to leave it, and is asked
   * again when another change came between. `also` is written in the same transaction. Resolves to the
   * changed video; null where it was left, or is not there.
   */
  async change(
    id: string,
    change: (video: Video) => Video | null,
    also: readonly Write[] = [],
  ): Promise<Video | null> {
    for (;;) {
      const found = await this.store.get(videoKey(id));
      const changed = found && change(JSON.parse(found.value) as Video);
      if (!found || !changed) return null;
      const write = { key: videoKey(id), value: JSON.stringify(changed), version: found.version };
      if (await this.store.transact([write, ...also])) return changed;
    }
  }

  videos(): Promise<readonly Video[]> {
    return this.#all('video/');
  }

  async #all<T>(prefix: string): Promise<readonly T[]> {
    const all: T[] = [];
    for (let after = prefix; ; ) {
      const page = await this.store.list(prefix, { after, limit: 1000 });
      for (const { value } of page) all.push(JSON.parse(value) as T);
      const last = page.at(-1);
      if (!last || page.length < 1000) return all;
      after = last.key;
    }
  }
}
