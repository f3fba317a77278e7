import { Option } from 'commander';
import { z } from 'zod';
import { SyntaxProblem } from '../pipeline/sla/diagnostics.js';
import { parseDuration } from '../pipeline/sla/duration.js';
import { prometheusSettings } from './prometheus-settings.js';
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

const brokers = z.string().transform((text, context) => {
  const all = text.split(',').map((one) => one.trim());
  if (all.every((one) => /^[^\s:]+:\d+$|^\[[0-9a-f:]+\]:\d+$/i.test(one))) return all;
  context.addIssue(`"${text}" is no list of brokers: write host:port,host:port`);
  return z.NEVER;
});

const address = (schemes: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text),
      `is no address: write it like ${schemes[0]}://host:port`,
    );

/**
 * Every setting, declared once: flag, environment variable (TIDEMARK_ and the flag, unless it has a usual
 * name of its own), default, meaning. One without default must be given.
 */
const settings = {
  ...prometheusSettings,
  kafkaBrokers: {
    flag: '--kafka-brokers <list>',
    variable: 'KAFKA_BROKERS',
    help: 'brokers of the log, host:port,host:port',
    schema: brokers,
  },
  kafkaPrefix: {
    flag: '--kafka-prefix <text>',
    variable: 'KAFKA_PREFIX',
    default: 'tidemark-',
    help: 'what consumer groups and transactional ids begin with',
    schema: z.string(),
  },
  kafkaUsername: {
    flag: '--kafka-username <name>',
    variable: 'KAFKA_USERNAME',
    default: '',
    help: 'user of the brokers; none without',
    schema: z.string(),
  },
  kafkaPassword: {
    flag: '--kafka-password <password>',
    variable: 'KAFKA_PASSWORD',
    default: '',
    help: 'password of that user; better given by its variable',
    schema: z.string(),
  },
  kafkaSasl: {
    flag: '--kafka-sasl <mechanism>',
    variable: 'KAFKA_SASL_MECHANISM',
    default: 'scram-sha-512',
    help: 'how the user logs in: plain, scram-sha-256 or scram-sha-512',
    schema: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  },
  kafkaTls: {
    flag: '--kafka-tls <mode>',
    variable: 'KAFKA_TLS',
    default: 'off',
    help: 'off, on, or the file of the certificate authority',
    schema: z.string().min(1),
  },
  registryUrl: {
    flag: '--schema-registry-url <url>',
    variable: 'SCHEMA_REGISTRY_URL',
    help: 'where the Confluent API of the schema registry begins',
    schema: address(['http', 'https']),
  },
  redisUrl: {
    flag: '--redis-url <url>',
    variable: 'REDIS_URL',
    help: 'store of users and videos, redis:// or rediss://',
    schema: address(['redis', 'rediss']),
  },
  leaseUrl: {
    flag: '--redis-url <url>',
    variable: 'REDIS_URL',
    default: '',
    help: 'store of the lease by which one of several spouts is active; without it a spout is alone',
    schema: z.literal('').or(address(['redis', 'rediss'])),
  },
  vmsUrl: {
    flag: '--vms-url <url>',
    variable: 'VMS_URL',
    help: 'where video management is',
    schema: address(['http', 'https']),
  },
  videos: {
    flag: '--videos <folder>',
    help: 'folder of video files, shared by gateway, vms and vps',
    schema: z.string().min(1),
  },
  adminPort: {
    flag: '--admin-port <number>',
    default: '9464',
    help: 'port of /metrics, /healthz and /readyz, not for the public',
    schema: wholeNumber.refine((port) => port <= 65_535, 'must be 65535 at most'),
  },
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

export type Name = keyof typeof settings;
export type Given<N extends Name> = { readonly [K in N]: z.output<(typeof settings)[K]['schema']> };

/** What the whole platform in one process takes. */
const platform = [
  ...(['port', 'host', 'data', 'sla', 'scrapeInterval', 'source', 'target', 'platform'] as const),
  ...(['uploadLimit', 'timeout', 'codecs', 'encoders', 'sweepAfter', 'retention'] as const),
  ...(['checkpointEvery', 'quota', 'logLevel'] as const),
];
export type Settings = Given<(typeof platform)[number]>;

interface Setting {
  readonly flag: string;
  readonly variable?: string;
  readonly default?: string | boolean | readonly string[];
  readonly help: string;
  readonly schema: z.ZodType;
}

const table: Readonly<Record<Name, Setting>> = settings;

/** The environment variable of a setting. */
export const variableOf = (name: Name): string => {
  const { flag, variable } = table[name];
  return variable ?? `TIDEMARK_${flag.split(' ')[0]?.replace(/^--/, '').replaceAll('-', '_').toUpperCase()}`;
};

/** Options of a command, in this order. `defaults` replace those of the table. */
export function optionsOf(names: readonly Name[], defaults: Partial<Record<Name, string>> = {}): Option[] {
  return names.map((name) => {
    const { flag, help, default: usual } = table[name];
    const option = new Option(flag, help).env(variableOf(name));
    if (flag.startsWith('--no-')) {
      // A flag without value: commander takes any value of its variable for yes.
      const off = /^(|0|no|false)$/i.test(process.env[variableOf(name)] ?? '');
      return off ? new Option(flag, `${help} (env: ${variableOf(name)})`) : option;
    }
    if (Array.isArray(usual))
      // Its variable holds several, with commas between.
      return option
        .default([])
        .argParser((value: string, before: string[]) => [...(before ?? []), ...value.split(/,(?=[^,=]+=)/)]);
    return option.default(defaults[name] ?? usual);
  });
}

/** Typed settings from what was given; throws `UsageError` that lists every mistake. */
export function readOptions<N extends Name>(
  names: readonly N[],
  given: Readonly<Record<string, unknown>>,
): Given<N> {
  const problems: string[] = [];
  const read = names.map((name) => {
    const { flag, help, schema } = table[name];
    const [long = ''] = flag.split(' ');
    const value = given[keyOf(long)];
    if (value === undefined) {
      problems.push(`${variableOf(name)} is missing: set it, or give ${long} (${help})`);
      return [name, undefined] as const;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return [name, parsed.data] as const;
    for (const { message } of parsed.error.issues) problems.push(`${long} (${variableOf(name)}): ${message}`);
    return [name, undefined] as const;
  });
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return Object.fromEntries(read) as Given<N>;
}

/** The name under which commander hands an option over. */
const keyOf = (long: string): string =>
  long.replace(/^--(?:no-)?/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

export const platformOptions = (defaults: Partial<Record<Name, string>> = {}): Option[] =>
  optionsOf(platform, defaults);

export const readSettings = (given: Readonly<Record<string, unknown>>): Settings =>
  readOptions(platform, given);
