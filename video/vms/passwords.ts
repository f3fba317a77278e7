import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const N = 2 ** 15;
const OPTIONS = { N, r: 8, p: 1, maxmem: 128 * N * 8 * 2 };
const KEY_BYTES = 32;
/** How long a verified credential is remembered, ms; and how many. */
const REMEMBER_MS = 300_000;
const REMEMBERED = 10_000;
const AT_ONCE = 2;
/** Takes the place of an unknown user's hash, so that both take the same time. */
const NOBODY = `${'0'.repeat(32)}:${'0'.repeat(64)}`;

/** Hashes and verifies passwords, a few at a time. */
export class Passwords {
  readonly #key = randomBytes(32);
  readonly #verified = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `clock`: monotonic, ms. */
  constructor(readonly clock: () => number) {}

  async hash(password: string): Promise<string> {
    const salt = randomBytes(16).toString('hex');
    return `${salt}:${(await this.#derive(password, salt)).toString('hex')}`;
  }

  /** `stored` is null for an unknown user. A success is remembered under a keyed hash for 5 minutes. */
  async verify(user: string, password: string, stored: string | null): Promise<boolean> {
    const credential = createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password, stored]))
      .digest('hex');
    const since = this.#verified.get(credential);
    if (since !== undefined && this.clock() - since < REMEMBER_MS) return true;
    const [salt = '', hash = ''] = (stored ?? NOBODY).split(':');
    const same = timingSafeEqual(await this.#derive(password, salt), Buffer.from(hash, 'hex'));
    if (!same || stored === null) return false;
    this.#verified.delete(credential);
    this.#verified.set(credential, this.clock());
    const oldest = this.#verified.keys().next().value;
    if (this.#verified.size > REMEMBERED && oldest !== undefined) this.#verified.delete(oldest);
    return true;
  }

  async #derive(password: string, salt: string): Promise<Buffer> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await new Promise<Buffer>((resolve, reject) =>
        scrypt(password, salt, KEY_BYTES, OPTIONS, (error, key) => (error ? reject(error) : resolve(key))),
      );
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
