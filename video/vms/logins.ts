import { createHash } from 'node:crypto';
import { networkOf } from '../../platform/http/network.js';
import type { Directory } from './directory.js';
import type { Passwords } from './passwords.js';
import type { User } from './records.js';
import { Refusal } from './refusal.js';

/** So many failures within so long, ms, of one e-mail address from one place; then none is tried until it is over. */
const FAILURES = 10;
const WITHIN_MS = 300_000;
/** Places that are remembered; filling it takes longer than any is remembered, as each costs a hash. */
const PLACES = 10_000;

/** What a request says of whose it is. */
export interface Login {
  readonly authorization: string | undefined;
  /** Address of the client, as the gateway says it; '' where nobody does. */
  readonly address: string;
  /** Told whose login it is to be, an id, before it is known whether it is right; null of an unknown user. */
  readonly onClaim?: (user: string | null) => void;
}

/**
 * Who is who, by HTTP basic with e-mail address and password. Failures are counted by address of e-mail and of the
 * client: so somebody elsewhere locks nobody out, and whose login is remembered is not even asked.
 */
export class Logins {
  readonly #failures = new Map<string, { count: number; readonly since: number }>();

  constructor(
    readonly options: {
      readonly directory: Directory;
      readonly passwords: Passwords;
      /** Monotonic, ms. */
      readonly clock: () => number;
    },
  ) {}

  /** Null where the login failed. Rejects with a `Refusal` (429) after too many failures. */
  async of({ authorization, address, onClaim }: Login): Promise<User | null> {
    const given = credentialOf(authorization);
    if (given === null) return null;
    const { directory, passwords } = this.options;
    const user = await directory.userByEmail(given.user);
    onClaim?.(user?.id ?? null);
    // A name may be as long as a header: what is remembered of it has one length.
    const named = JSON.stringify([given.user.toLowerCase(), networkOf(address)]);
    const place = createHash('sha256').update(named).digest('base64');
    let attempted = false;
    const onAttempt = (): void => {
      this.#attempt(place);
      attempted = true;
    };
    try {
      const verified = await passwords.verify(given, user?.passwordHash ?? null, onAttempt);
      if (verified && attempted) this.#undo(place);
      return verified ? user : null;
    } catch (error) {
      // It was not tried: it is no failure.
      if (attempted) this.#undo(place);
      throw error;
    }
  }

  /** Counts before the outcome is known: many at once are no more guesses than one after the other. */
  #attempt(place: string): void {
    const now = this.options.clock();
    const known = this.#failures.get(place);
    const isOver = known === undefined || now - known.since >= WITHIN_MS;
    if (!isOver && known.count >= FAILURES) {
      const seconds = Math.ceil((known.since + WITHIN_MS - now) / 1000);
      throw new Refusal(429, `the login failed ${FAILURES} times: try again in ${seconds} s`, {
        limit: 'logins',
        headers: { 'retry-after': String(seconds) },
      });
    }
    if (!isOver) known.count++;
    else {
      this.#failures.delete(place);
      this.#failures.set(place, { count: 1, since: now });
      const oldest = this.#failures.keys().next().value;
      if (this.#failures.size > PLACES && oldest !== undefined) this.#failures.delete(oldest);
    }
  }

  #undo(place: string): void {
    const known = this.#failures.get(place);
    if (known && --known.count === 0) this.#failures.delete(place);
  }
}

function credentialOf(
  header: string | undefined,
): { readonly user: string; readonly password: string } | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const credential = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = credential.indexOf(':');
  return colon < 0 ? null : { user: credential.slice(0, colon), password: credential.slice(colon + 1) };
}
