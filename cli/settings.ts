import { Option } from 'commander';
import type { z } from 'zod';
import { notifyNames } from './settings/notify.js';
import { type Given, type Name, settings } from './settings/table.js';
import { videoNames } from './settings/videos.js';
import { UsageError } from './usage-error.js';

export type { Given, Name };

/** How videos are encoded. */
export const encodeNames = ['codecs', 'encoders', 'encodeThreads', 'encodeMemory', 'stallAfter'] as const;

/** What the whole platform in one process takes. */
const platform = [
  ...(['port', 'host', 'token', 'data', 'sla', 'scrapeInterval', 'source', 'target', 'gauge'] as const),
  ...(['platform'] as const),
  ...(['uploadLimit', 'timeout', 'maxInFlight', 'rateLimit', 'trustedProxies'] as const),
  ...([...encodeNames, 'sweepAfter', 'retention', 'history'] as const),
  ...videoNames,
  ...(['checkpointEvery', 'maxSeries', 'maxGroups', 'quota', 'logLevel'] as const),
  ...notifyNames,
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

/** The environment variables of all settings. */
export const variables: readonly string[] = (Object.keys(settings) as Name[]).map(variableOf);

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
