import type { IncomingMessage, ServerResponse } from 'node:http';

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': 'authorization, content-type, range',
  'access-control-max-age': '600',
};

/**
 * Lets pages of this one other origin read the answer. True where the request only asked whether it may, and is
 * answered. Credentials that the browser keeps are never allowed: the page sends a login of its own, or none.
 */
export function answerPreflight(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  allowed: string,
): boolean {
  // Also to others: a cache must not give them what was meant for it.
  outgoing.setHeader('vary', 'origin');
  if (incoming.headers.origin !== allowed) return false;
  outgoing.setHeader('access-control-allow-origin', allowed);
  if (incoming.method !== 'OPTIONS' || !('access-control-request-method' in incoming.headers)) return false;
  outgoing.writeHead(204, PREFLIGHT).end();
  return true;
}
