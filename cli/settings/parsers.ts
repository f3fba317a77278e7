import { z } from 'zod';
import { SyntaxProblem } from '../../pipeline/sla/diagnostics.js';
import { parseDuration } from '../../pipeline/sla/duration.js';

export const duration = z.string().transform((text, context) => {
  try {
    const ms = parseDuration(text);
    if (ms > 0) return ms;
    context.addIssue('must be longer than 0');
  } catch (error) {
    context.addIssue(error instanceof SyntaxProblem ? error.message : String(error));
  }
  return z.NEVER;
});

/** What a timer waits for: longer ones would fire at once. */
export const waiting = duration.refine((ms) => ms <= 24 * 3_600_000, 'must be 1d at most');

/** The same, or 0. */
export const waitingOrNot = z.string().transform((text, context) => {
  if (text === '0') return 0;
  const { data, error } = waiting.safeParse(text);
  if (data !== undefined) return data;
  context.addIssue(`${error?.issues[0]?.message}, or 0`);
  return z.NEVER;
});

export const wholeNumber = z.string().regex(/^\d+$/, 'is no number').transform(Number);

export const limit = wholeNumber.refine((n) => n >= 1 && n <= 2 ** 30, 'must be from 1 to 1073741824');

export const size = z.string().transform((text, context) => {
  const found = /^(\d+)\s*(B|kB|MB|GB|KiB|MiB|GiB)?$/.exec(text);
  const factors: Readonly<Record<string, number>> = {
    B: 1,
    kB: 1e3,
    MB: 1e6,
    GB: 1e9,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
  };
  if (found) return Number(found[1]) * (factors[found[2] ?? 'B'] ?? 1);
  context.addIssue(`"${text}" is no size: write it like 1GiB or 500MB`);
  return z.NEVER;
});

/** Infinity where it is off. */
export const orOff = (limit: z.ZodType<number, string>) =>
  z.string().transform((text, context) => {
    if (text === 'off') return Number.POSITIVE_INFINITY;
    const { data, error } = limit.safeParse(text);
    if (data !== undefined) return data;
    context.addIssue(`${error?.issues[0]?.message}, or off`);
    return z.NEVER;
  });

export const target = z.string().transform((text, context) => {
  const [, name, url] = /^([^=]+)=(https?:\/\/.+)$/.exec(text) ?? [];
  if (name !== undefined && url !== undefined && URL.canParse(url)) return { name, url };
  context.addIssue(`"${text}" is no target: write it like checkout=http://host:8080/metrics`);
  return z.NEVER;
});

/** Several in one text, with commas between, too. */
export const metricNames = z.array(z.string()).transform((all, context) => {
  const names = all.flatMap((text) => text.split(',').map((one) => one.trim()));
  const wrong = names.find((name) => !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name));
  if (wrong === undefined) return names;
  context.addIssue(`"${wrong}" is no metric: write it like process_resident_memory_bytes`);
  return z.NEVER;
});

export const codecs = z.string().transform((text, context) => {
  const known = ['h264', 'vp9'] as const;
  const named = [...new Set(text.split(',').map((one) => one.trim()))];
  const found = known.filter((one) => named.includes(one));
  if (found.includes('h264') && found.length === named.length) return found;
  context.addIssue(`"${text}" is no list of codecs: write h264, or h264,vp9`);
  return z.NEVER;
});

export const brokers = z.string().transform((text, context) => {
  const all = text.split(',').map((one) => one.trim());
  // An address of IPv6 would be cut at its first colon: such a broker needs a name.
  if (all.every((one) => /^[^\s:]+:\d+$/.test(one))) return all;
  context.addIssue(`"${text}" is no list of brokers: write host:port,host:port`);
  return z.NEVER;
});

export const address = (schemes: readonly string[]) =>
  z.string().superRefine((text, context) => {
    if (schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text)) return;
    const what = text === '' ? 'is set, but empty' : 'is no address';
    context.addIssue(`${what}: write it like ${schemes[0]}://host:port`);
  });

/** Null for none; what is left empty is a mistake. */
export const addressOrNone = (schemes: readonly string[]) =>
  z.string().transform((text, context) => {
    if (text === 'none') return null;
    const { data, error } = address(schemes).safeParse(text);
    if (data !== undefined) return data;
    context.addIssue(`${error?.issues[0]?.message}, or none`);
    return z.NEVER;
  });

/** The origin of an address of the web, as browsers say it; null for none. */
export const originOrNone = addressOrNone(['http', 'https']).transform((url, context) => {
  if (url === null) return null;
  const { origin, pathname } = new URL(url);
  if (pathname === '/') return origin;
  context.addIssue(`${url} is more than an origin: write ${origin}`);
  return z.NEVER;
});
