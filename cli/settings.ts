import { Option } from 'commander';
import { z } from 'zod';
import { SyntaxProblem } from '../pipeline/sla/diagnostics.js';
import { parseDuration } from '../pipeline/sla/duration.js';
import { UsageError } from './usage-error.js';

const duration = z.string().transform((text, context) => {
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
const waiting = duration.refine((ms) => ms <= 24 * 3_600_000, 'must be 1d at most');

const wholeNumber = z.string().regex(/^\d+$/, 'is no number').transform(Number);

const size = z.string().transform((text, context) => {
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

const target = z.string().transform((text, context) => {
  const [, name, url] = /^([^=]+)=(https?:\/\/.+)$/.exec(text) ?? [];
  if (name !== undefined && url !== undefined && URL.canParse(url)) return { name, url };
  context.addIssue(`"${text}" is no target: write it like checkout=http://host:8080/metrics`);
  return z.NEVER;
});

const codecs = z.string().transform((text, context) => {
  const known = ['h264', 'vp9'] as const;
  const named = [...new Set(text.split(',').map((one) => one.trim()))];
  const found = known.filter((one) => named.includes(one));
  if (found.includes('h264') && found.length === named.length) return found;
  context.addIssue(`"${text}" is no list of codecs: write h264, or h264,vp9`);
  return z.NEVER;
});

/** Every setting, declared once: flag, environment variable (TIDEMARK_ and the flag), default, meaning. */
const settings = {
  port: {
    flag: '--port <number>',
    default: '8080',
    help: 'port of gateway and API; 0 takes any free one',
    schema: wholeNumber.refine((port) => port <= 65_535, 'must be 65535 at most'),
  },
  host: {
    flag: '--host <address>',
    default: '127.0.0.1',
    help: 'address to listen on',
    schema: z.string().min(1),
  },
  data: {
    flag: '--data <folder>',
    default: './data',
    help: 'folder of the log and the store',
    schema: z.string().min(1),
  },
  sla: { flag: '--sla <file>', default: 'sla.yaml', help: 'rule file', schema: z.string().min(1) },
  scrapeInterval: {
    flag: '--scrape-interval <duration>',
    default: '5s',
    help: 'how often targets are scraped',
    schema: waiting,
  },
  source: {
    flag: '--source <name>',
    default: 'spout',
    help: 'name of this spout in the log; keep it over restarts',
    schema: z.string().min(1),
  },
  target: {
    flag: '--target <name=url>',
    default: [] as string[],
    help: 'also watch this Prometheus endpoint (repeatable)',
    schema: z.array(target).superRefine((targets, context) => {
      // Their series would have the same labels, and their counters seem to jump back and forth.
      const seen = new Set<string>();
      for (const { name, url } of targets) {
        const place = `${name} at ${new URL(url).host}`;
        if (seen.has(place)) context.addIssue(`there are two targets ${place}: give each a name of its own`);
        seen.add(place);
      }
    }),
  },
  platform: {
    flag: '--no-platform',
    default: true,
    help: 'watch the targets alone, without gateway and video services',
    schema: z.boolean(),
  },
  uploadLimit: {
    flag: '--upload-limit <size>',
    default: '1GiB',
    help: 'greatest request body',
    schema: size,
  },
  timeout: {
    flag: '--timeout <duration>',
    default: '30s',
    help: 'how long a service may take to begin its answer',
    schema: waiting,
  },
  codecs: {
    flag: '--codecs <list>',
    default: 'h264',
    help: 'what videos are encoded to: h264, or h264,vp9',
    schema: codecs,
  },
  encoders: {
    flag: '--encoders <n>',
    default: '1',
    help: 'how many videos are encoded at a time',
    schema: wholeNumber.refine((n) => n >= 1 && n <= 64, 'must be from 1 to 64'),
  },
  sweepAfter: {
    flag: '--sweep-after <duration>',
    default: '10m',
    help: 'how long files that nothing refers to are left',
    schema: duration,
  },
  retention: {
    flag: '--retention <duration>',
    default: '2d',
    help: 'how long metrics, windows and alerts are kept',
    schema: duration,
  },
  checkpointEvery: {
    flag: '--checkpoint-every <duration>',
    default: '5m',
    help: 'event time between two checkpoints of a stage',
    schema: duration,
  },
  quota: { flag: '--quota <size>', default: '1000GiB', help: 'greatest size of the data file', schema: size },
  logLevel: {
    flag: '--log-level <level>',
    default: 'info',
    help: 'debug, info, warn or error',
    schema: z.enum(['debug', 'info', 'warn', 'error']),
  },
} as const;

type Name = keyof typeof settings;
export type Settings = { readonly [N in Name]: z.output<(typeof settings)[N]['schema']> };

const variable = (flag: string): string =>
  `TIDEMARK_${flag.split(' ')[0]?.replace(/^--/, '').replaceAll('-', '_').toUpperCase()}`;

/** The options of a command that starts the platform. `defaults` replace those of the table. */
export function platformOptions(defaults: Partial<Record<Name, string>> = {}): Option[] {
  return Object.entries(settings).map(([name, { flag, help, default: usual }]) => {
    const option = new Option(flag, help).env(variable(flag));
    if (flag.startsWith('--no-')) {
      // A flag without value: commander takes any value of its variable for yes.
      const off = /^(|0|no|false)$/i.test(process.env[variable(flag)] ?? '');
      return off ? new Option(flag, `${help} (env: ${variable(flag)})`) : option;
    }
    if (Array.isArray(usual))
      return option.default([]).argParser((value: string, before: string[]) => [...(before ?? []), value]);
    return option.default(defaults[name as Name] ?? usual);
  });
}

/** Typed settings from what was given; throws `UsageError` that lists every mistake. */
export function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  const problems: string[] = [];
  const read = Object.entries(settings).map(([name, { flag, schema }]) => {
    const parsed = schema.safeParse(given[name]);
    if (parsed.success) return [name, parsed.data] as const;
    for (const { message } of parsed.error.issues)
      problems.push(`${flag.split(' ')[0]} (${variable(flag)}): ${message}`);
    return [name, undefined] as const;
  });
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return Object.fromEntries(read) as Settings;
}
