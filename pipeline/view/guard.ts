import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { problem } from '../../platform/http/problem.js';

/**
 * Who may ask. `loopback`: processes of this machine, as it is listened to, or published, there alone. `token`: who gives it, as a
 * bearer token or as the password of basic auth, of any user. `open`: anybody; something before it asks for a login.
 */
export type Access =
  | { readonly kind: 'loopback' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'open' };

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Refuses whoever may not ask, and what a page of somebody else makes a browser ask. */
export function guard(access: Access): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    // A name of somebody else's that leads here makes their page one of ours, for a browser.
    if (access.kind === 'loopback' && !LOOPBACK.test(host))
      return problem(
        403,
        `"${host}" is no name of this machine: ask localhost, or set a token (TIDEMARK_TOKEN)`,
      );
    if (access.kind === 'token' && !gives(c.req.header('authorization'), access.token))
      return problem(401, 'give the token, as a bearer token or as the password of basic auth', {
        'www-authenticate': 'Basic realm="Tidemark", charset="UTF-8"',
      });
    const crossSite = isCrossSite(c.req.header('sec-fetch-site'));
    if (/^(?:GET|HEAD)$/.test(c.req.method)) {
      // It could not read the answer, but would make this process work for it. A link may lead here.
      if (crossSite && (c.req.header('sec-fetch-mode') ?? 'navigate') !== 'navigate')
        return problem(403, 'a page of another origin may link here, and ask for nothing by itself');
      return next();
    }
    if (isForeign(c.req.header('origin'), host) || crossSite)
      return problem(403, 'a page of another origin may not change anything here');
    // What a form can send, of a browser too old to say where that is from.
    const type = c.req.header('content-type');
    if (type !== undefined && !/^application\/json\s*(?:;|$)/i.test(type))
      return problem(415, `"${type}" is not taken: send JSON, with content-type: application/json`);
    return next();
  };
}

function gives(header: string | undefined, token: string): boolean {
  const [, scheme = '', rest = ''] = /^(\S+) +(\S+)$/.exec(header ?? '') ?? [];
  if (/^bearer$/i.test(scheme)) return same(rest, token);
  if (!/^basic$/i.test(scheme)) return false;
  const pair = Buffer.from(rest, 'base64').toString('utf8');
  return same(pair.slice(pair.indexOf(':') + 1), token);
}

/** Takes as long for one that is nearly right as for any other. */
function same(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function isForeign(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

/** By what a browser says by itself, which no page can change. */
const isCrossSite = (site: string | undefined): boolean =>
  site !== undefined && site !== 'same-origin' && site !== 'none';
