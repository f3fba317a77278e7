import { Refusal } from './refusal.js';

/** Uploads under way in this process, by user. */
export class UploadSlots {
  readonly #taken = new Map<string, number>();

  /** `most` at a time for each user. */
  constructor(readonly most: number) {}

  /** Takes one, until what is returned is disposed of. Throws a `Refusal` (429) where all are taken. */
  take(user: string): Disposable {
    const before = this.#taken.get(user) ?? 0;
    if (before >= this.most)
      throw new Refusal(429, `you upload ${before} files just now, as many as you may: wait for one to end`, {
        limit: 'uploads',
        headers: { 'retry-after': '10' },
      });
    this.#taken.set(user, before + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#taken.get(user) ?? 1) - 1;
        if (left > 0) this.#taken.set(user, left);
        else this.#taken.delete(user);
      },
    };
  }
}
