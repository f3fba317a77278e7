import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Client } from './client.js';

/** Headers that concern one connection. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** What the gateway says itself. */
const ours = new Set([
  'expect',
  'host',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'x-request-id',
]);
/** What only a proxy may say of a client. */
const vouched = /^(?:forwarded|x-real-ip|x-client-ip|true-client-ip|x-forwarded-.+)$/;
/** Who frames a body, or decides of it, does so before it. */
const noTrailer =
  /^(?:content-.+|authorization|set-cookie|cache-control|expires|date|location|retry-after|vary|host|x-request-id|access-control-.+)$/;

/** What only says whether the connection is kept, as it nearly always does. */
const plain = new Set(['keep-alive', 'close', 'Keep-Alive', 'Close']);

/** Names that `Connection` headers nominate, which node and undici have put together. */
function nominated(connection: string | readonly string[] | undefined): ReadonlySet<string> | null {
  if (connection === undefined || plain.has(connection as string)) return null;
  const names = new Set(
    String(connection)
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
  // They are needed to read the message, and cannot be meant.
  for (const name of ['content-length', 'host']) names.delete(name);
  return names;
}

/** A request's headers as they go upstream: flat names and values, as node's `rawHeaders`. */
export function upstreamHeaders(
  { rawHeaders: raw, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>,
  client: Client,
  requestId: string,
): string[] {
  const dropped = nominated(headers.connection);
  const kept = [
    'x-forwarded-for',
    client.forwardedFor,
    'x-forwarded-proto',
    client.proto,
    'x-forwarded-host',
    client.host,
    'x-real-ip',
    client.address,
    'x-request-id',
    requestId,
  ];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (hopByHop.has(name) || ours.has(name) || dropped?.has(name)) continue;
    if (!client.vouchedFor && vouched.test(name)) continue;
    kept.push(name, raw[i + 1] ?? '');
  }
  return kept;
}

/** An answer's headers as they go to the client. Which pages may read it is the gateway's to say. */
export function clientHeaders(
  raw: readonly (Buffer | string)[],
  { connection }: IncomingHttpHeaders,
  requestId: string,
): string[] {
  const dropped = nominated(connection);
  const kept = ['x-request-id', requestId];
  for (let i = 0; i < raw.length; i += 2) {
    const name = textOf(raw[i]).toLowerCase();
    if (hopByHop.has(name) || name === 'x-request-id' || name.startsWith('access-control-')) continue;
    if (!dropped?.has(name)) kept.push(name, textOf(raw[i + 1]));
  }
  return kept;
}

/** Trailers of an answer that may go on. */
export const trailersOf = (trailers: IncomingHttpHeaders): [string, string][] =>
  Object.entries(trailers)
    .filter(([name]) => !hopByHop.has(name) && !noTrailer.test(name))
    .map(([name, value]) => [name, String(value)]);

const textOf = (part: Buffer | string | undefined): string =>
  typeof part === 'string' ? part : (part?.toString('latin1') ?? '');
