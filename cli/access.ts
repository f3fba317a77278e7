import type { Access } from '../pipeline/view/guard.js';
import { UsageError } from './usage-error.js';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
/** A token is no shorter: it is guessed at the speed of the network. */
const SHORTEST = 12;

/** Who may ask the view that listens at a host; throws `UsageError` where it would be open without a word. */
export function accessOf({ host, token }: { readonly host: string; readonly token: string }): Access {
  if (token === 'none') return { kind: 'open' };
  if (token === 'local') return { kind: 'loopback' };
  if (token.length >= SHORTEST) return { kind: 'token', token };
  if (token !== '')
    throw new UsageError(
      `--token (TIDEMARK_TOKEN): it has ${token.length} characters, at least ${SHORTEST} are needed`,
    );
  if (LOOPBACK.test(host)) return { kind: 'loopback' };
  throw new UsageError(
    `at ${host} alerts can be seen by whoever reaches it: set TIDEMARK_TOKEN to what they have to give, to local where it is published to this machine alone, or to none where something before it asks for a login`,
  );
}
