import { isIP } from 'node:net';
import { z } from 'zod';
import { limit, waitingOrNot } from './parsers.js';

/** Requests a second of one client, and how many at once; null for none. */
const rate = z.string().transform((text, context) => {
  if (text === 'none') return null;
  const [, many, burst] = /^(\d+(?:\.\d+)?)(?:\/(\d+))?$/.exec(text) ?? [];
  const perSecond = Number(many);
  if (perSecond > 0 && burst !== '0')
    return { perSecond, burst: burst === undefined ? Math.max(1, Math.ceil(2 * perSecond)) : Number(burst) };
  context.addIssue(`"${text}" is no rate: write it like 50, 50/200 (a second, and at once) or none`);
  return z.NEVER;
});

const networks = z.string().transform((text, context) => {
  if (text === 'none') return [];
  const all = text.split(',').map((one) => one.trim());
  const wrong = all.find((one) => !isNetwork(one));
  if (wrong === undefined) return all;
  context.addIssue(`"${wrong}" is no address or network: write it like 10.0.0.0/8,fd00::/8 or none`);
  return z.NEVER;
});

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 6 ? 128 : 32);
}

/** What the gateway takes of whom. */
export const gatewaySettings = {
  maxInFlight: {
    flag: '--max-in-flight <n>',
    default: '256',
    help: 'requests that a service may be busy with, uploads too; more are told to come again (503)',
    schema: limit,
  },
  rateLimit: {
    flag: '--rate-limit <n/burst>',
    default: 'none',
    help: 'requests a second that one client may send, and how many at once, like 50/200; or none',
    schema: rate,
  },
  trustedProxies: {
    flag: '--trusted-proxies <list>',
    default: 'none',
    help: 'proxies whose X-Forwarded-* is believed, addresses or networks with commas between; or none',
    schema: networks,
  },
  drainWait: {
    flag: '--drain-wait <duration>',
    default: '5s',
    help: 'how long it still takes requests when told to stop, until whoever asks /readyz has heard it; 0 not at all',
    schema: waitingOrNot,
  },
} as const;
