import { type Answered, waitsToSend } from './early-answer.js';

/** Uploads in pieces (tus) say how far they are in headers of their own, both ways. */
const pieces = ['tus-resumable', 'upload-length', 'upload-offset', 'upload-metadata', 'upload-defer-length'];
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
  'access-control-allow-headers': [
    ...['authorization', 'content-type', 'range', 'x-request-id', 'traceparent', 'tracestate'],
    ...[...pieces, 'upload-concat', 'upload-checksum', 'x-http-method-override', 'x-requested-with'],
  ].join(', '),
  'access-control-max-age': '600',
};
const EXPOSED = [
  ...['location', 'link', 'retry-after', 'x-request-id', 'accept-ranges', 'content-range', 'etag'],
  ...[...pieces, 'upload-expires', 'tus-version', 'tus-extension', 'tus-max-size'],
].join(', ');

/**
 * Lets pages of this one other origin read the answer. True where the request only asked whether it may, and is
 * answered. Credentials that the browser keeps are never allowed: the page sends a login of its own, or none.
 */
export function answerPreflight({ incoming, outgoing, requestId }: Answered, allowed: string): boolean {
  // Also to others: a cache must not give them what was meant for it.
  outgoing.setHeader('vary', 'origin');
  if (incoming.headers.origin !== allowed) return false;
  outgoing.setHeader('access-control-allow-origin', allowed);
  if (incoming.method !== 'OPTIONS' || !('access-control-request-method' in incoming.headers)) {
    outgoing.setHeader('access-control-expose-headers', EXPOSED);
    return false;
  }
  if (waitsToSend(incoming)) outgoing.shouldKeepAlive = false;
  outgoing.writeHead(204, { ...PREFLIGHT, 'x-request-id': requestId }).end();
  return true;
}
