import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Refusal } from './refusal.js';

const N = 2 ** 15;
const OPTIONS = { N, r: 8, p: 1, maxmem: 128 * N * 8 * 2 };
const KEY_BYTES = 32;
/** How long a verified credential is remembered, ms; and how many. */
const REMEMBER_MS = 300_000;
const REMEMBERED = 10_000;
const AT_ONCE = 2;
/** So many wait for their turn at most, about 4 s of work for two cores. */
const WAITING = 100;
/** Takes the place of an unknown user's hash, so that both take the same time. */
const NOBODY = `${'0'.repeat(32)}:${'0'.repeat(64)}`;

/** Derives a key from a password and a salt, slowly. */
export type Derive = (password: string, salt: string) => Promise<Buffer>;

const deriveByScrypt: Derive = (password, salt) =>
  new Promise((resolve, reject) =>
    scrypt(password, salt, KEY_BYTES, OPTIONS, (error, key) => (error ? reject(error) : resolve(key))),
  );

/** Hashes and verifies passwords, a few at a time; rejects with a `Refusal` where too many wait. */
export class Passwords {
  readonly #key = randomBytes(32);
  readonly #verified = new Map<string, number>();
  /** Credentials that are being verified: whoever sends the same waits for the same answer. */
  readonly #verifying = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `clock`: monotonic, ms. */
  constructor(
    readonly clock: () => number,
    readonly derive: Derive = deriveByScrypt,
  ) {}

  async hash(password: string): Promise<string> {
    const salt = randomBytes(16).toString('hex');
    return `${salt}:${(await this.#derive(password, salt)).toString('hex')}`;
  }

  /**
   * `stored` is null for an unknown user. A success is remembered under a keyed hash for 5 minutes. `onAttempt` is
   * told before anything is derived, and may throw to prevent it.
   */
  async verify(
    { user, password }: { readonly user: string; readonly password: string },
    stored: string | null,
    onAttempt: () => void = () => undefined,
  ): Promise<boolean> {
    const credential = createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password, stored]))
      .digest('hex');
    const since = this.#verified.get(credential);
    if (since !== undefined && this.clock() - since < REMEMBER_MS) return true;
    const known = this.#verifying.get(credential);
    if (known) return known;
    onAttempt();
    const verifying = this.#matches(password, stored).finally(() => this.#verifying.delete(credential));
    this.#verifying.set(credential, verifying);
    const verified = await verifying;
    if (verified) this.#remember(credential);
    return verified;
  }

  async #matches(password: string, stored: string | null): Promise<boolean> {
    const [salt = '', hash = ''] = (stored ?? NOBODY).split(':');
    const same = timingSafeEqual(await this.#derive(password, salt), Buffer.from(hash, 'hex'));
    return same && stored !== null;
  }

  #remember(credential: string): void {
    this.#verified.delete(credential);
    this.#verified.set(credential, this.clock());
    const oldest = this.#verified.keys().next().value;
    if (this.#verified.size > REMEMBERED && oldest !== undefined) this.#verified.delete(oldest);
  }

  async #derive(password: string, salt: string): Promise<Buffer> {
    if (this.#running < AT_ONCE) this.#running++;
    else if (this.#waiting.length < WAITING)
      // Whoever has done hands its turn over.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else
      throw new Refusal(503, 'too many register or log in just now: try again soon', {
        limit: 'hashes',
        headers: { 'retry-after': '4' },
      });
    try {
      return await this.derive(password, salt);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
