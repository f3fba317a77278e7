import type { IncomingMessage } from 'node:http';

/** Why a request is not taken. */
export interface Refused {
  readonly status: number;
  readonly detail: string;
}

/** More headers than any client needs: each is looked at several times. */
const MOST_HEADERS = 100;
const HOST = /^(?:\[[\da-f:.]+\]|[a-z\d._~-]+)(?::\d{1,5})?$/i;

/**
 * What node's parser lets pass and an upstream could read in another way: null for nothing. The parser itself
 * refuses Content-Length beside Transfer-Encoding, several of the former, bare line feeds, folded headers,
 * control characters, and chunks that are not framed exactly.
 */
export function malformedIn({ rawHeaders, httpVersion, url = '' }: IncomingMessage): Refused | null {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return bad('HTTP/1.1 is spoken here, and HTTP/1.0');
  if (rawHeaders.length > 2 * MOST_HEADERS)
    return { status: 431, detail: `a request may have ${MOST_HEADERS} headers at most` };
  let host: string | null = null;
  let coding: string | null = null;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    if (name === 'host') {
      if (host !== null) return bad('there is more than one Host');
      host = value;
    } else if (name === 'transfer-encoding') {
      if (coding !== null) return bad('there is more than one Transfer-Encoding');
      coding = value;
    }
  }
  if (coding !== null && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    return bad('a body may be chunked (in HTTP/1.1), and have no other Transfer-Encoding');
  if (host === null ? httpVersion === '1.1' : !HOST.test(host))
    return bad('Host has to be there, and to be a name or an address, with or without a port');
  return malformedTarget(url, host);
}

function malformedTarget(url: string, host: string | null): Refused | null {
  if (url.includes('#')) return bad('a fragment is no part of what is asked for');
  if (/^[^?]*\\/.test(url)) return bad('the path holds a backslash');
  if (url.startsWith('/')) return null;
  const authority = absolute.exec(url)?.[1];
  if (authority === undefined) return bad('what is asked for has to be a path that begins with /');
  // A request with two names could be for either.
  return authority.toLowerCase() === host?.toLowerCase() ? null : bad('Host differs from what is asked for');
}

const absolute = /^https?:\/\/([^/?]*)/i;

/** The path and query of a target, which may begin with scheme and authority. */
export function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(absolute, '');
  return path.startsWith('/') ? path : `/${path}`;
}

/** What a client is told of an error of node's parser. */
export function refusedByParser({ code = '' }: NodeJS.ErrnoException): Refused {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, detail: 'the head of the request did not come in time' };
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, detail: 'the headers are too large' };
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return { status: 413, detail: 'the extensions of a chunk are too large' };
  return bad(`it is no request of HTTP/1.1 (${code})`);
}

const bad = (detail: string): Refused => ({ status: 400, detail });
