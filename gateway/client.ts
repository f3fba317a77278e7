import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Who asks, as it is told upstream. */
export interface Client {
  /** Where the request came from before it met proxies that are trusted. */
  readonly address: string;
  readonly forwardedFor: string;
  readonly proto: string;
  readonly host: string;
  /** A trusted proxy says what is said of the client. */
  readonly vouchedFor: boolean;
}

/** An address as one text: IPv4 in IPv6, a port, brackets and a zone are left out; null where it is none. */
export function addressOf(text: string): string | null {
  if (isIPv4(text)) return text;
  const bare = text
    .trim()
    .replace(/^\[(.+)\](?::\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/%.+$/, '')
    .replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(bare) === 0 ? null : bare.toLowerCase();
}

/** Reads who asks. `trusted`: addresses of proxies, alone or as CIDR; only what these say of a client is believed. */
export function clientsBehind(trusted: readonly string[]): (incoming: IncomingMessage) => Client {
  const proxies = new BlockList();
  for (const one of trusted) {
    const [address = '', bits] = one.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    proxies.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  const isTrusted = (address: string): boolean =>
    trusted.length > 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return ({ socket, headers }) => {
    const peer = addressOf(socket.remoteAddress ?? '') ?? '';
    const host = headers.host ?? '';
    if (peer === '' || !isTrusted(peer))
      return { address: peer, forwardedFor: peer, proto: 'http', host, vouchedFor: false };
    const given = String(headers['x-forwarded-for'] ?? '');
    return {
      address: beforeProxies(given, peer, isTrusted),
      forwardedFor: given === '' ? peer : `${given}, ${peer}`,
      proto: first(headers['x-forwarded-proto']) ?? 'http',
      host: first(headers['x-forwarded-host']) ?? host,
      vouchedFor: true,
    };
  };
}

/** The last one that is no trusted proxy; what is left of it anybody could have written. */
function beforeProxies(given: string, peer: string, isTrusted: (address: string) => boolean): string {
  let address = peer;
  for (const text of given.split(',').reverse()) {
    const next = addressOf(text);
    if (next === null) break;
    address = next;
    if (!isTrusted(next)) break;
  }
  return address;
}

const first = (value: string | string[] | undefined): string | null => String(value ?? '').trim() || null;
