/** Headers that concern one connection, and what a client may not say of itself. */
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
]);
const ours = new Set([
  'expect',
  'host',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
]);

/** Names that a `Connection` header nominates. */
function nominated(flat: readonly string[]): ReadonlySet<string> | null {
  let names: Set<string> | null = null;
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i]?.toLowerCase() !== 'connection') continue;
    names ??= new Set();
    for (const name of (flat[i + 1] ?? '').split(',')) names.add(name.trim().toLowerCase());
  }
  return names;
}

export interface Client {
  readonly address: string;
  readonly host: string;
  readonly requestId: string;
}

/** A request's headers as they go upstream: flat names and values, as node's `rawHeaders`. */
export function upstreamHeaders(raw: readonly string[], { address, host, requestId }: Client): string[] {
  const dropped = nominated(raw);
  const kept = [
    'x-forwarded-for',
    address,
    'x-forwarded-proto',
    'http',
    'x-forwarded-host',
    host,
    'x-request-id',
    requestId,
  ];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (!hopByHop.has(name) && !ours.has(name) && !dropped?.has(name)) kept.push(name, raw[i + 1] ?? '');
  }
  return kept;
}

/** An answer's headers as they go to the client. */
export function clientHeaders(raw: readonly string[], requestId: string): string[] {
  const dropped = nominated(raw);
  const kept = ['x-request-id', requestId];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (!hopByHop.has(name) && name !== 'x-request-id' && !dropped?.has(name))
      kept.push(name, raw[i + 1] ?? '');
  }
  return kept;
}
