import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { adminApp } from '../cli/admin.js';
import { allCommands } from '../cli/commands.js';
import { ComponentCommand, STOP_MS } from '../cli/component.js';
import { readOptions } from '../cli/settings.js';

/** What a manifest says of a container that runs `tidemark`. */
export interface Ours {
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly string[];
  /** What asks it over HTTP how it is. */
  readonly probes: readonly { readonly path: string; readonly port: number }[];
  /** Between its being told to stop and its end by force, ms. */
  readonly graceMs: number;
}

/** Somebody expects a container to listen there. */
export interface Reached {
  readonly name: string;
  readonly port: number;
  readonly by: string;
}

/** What our images bring along; nothing where they are not described. */
function imageOf(): { readonly environment: Record<string, string>; readonly folder: string } {
  const text = existsSync('Dockerfile') ? readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ') : '';
  const environment: Record<string, string> = {};
  for (const [, line = ''] of text.matchAll(/^ENV (.*)$/gm))
    for (const [, name = '', value = ''] of line.matchAll(/(\w+)=(\S+)/g)) environment[name] = value;
  // That of the base of what is run, which comes first.
  return { environment, folder: /^WORKDIR (\S+)$/m.exec(text)?.[1] ?? '/' };
}

const image = imageOf();
/** Variables that Node itself reads. */
const nodes = new Set(['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS']);

/** Settings of a component as it would read them there; throws what it would say. */
function settingsOf(command: ComponentCommand, { args, environment }: Ours): Record<string, unknown> {
  const before = process.env;
  process.env = { ...image.environment, ...environment };
  try {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .action(() => undefined);
    command.parse([...args.slice(1)], { from: 'user' });
    return readOptions(command.settings, command.opts());
  } finally {
    process.env = before;
  }
}

/** Ports that a component listens on there. */
export function portsOf(one: Ours): readonly number[] {
  const command = commandOf(one);
  if (!(command instanceof ComponentCommand)) return [];
  const { port, adminPort } = settingsOf(command, one) as { port?: number; adminPort: number };
  return port === undefined ? [adminPort] : [port, adminPort];
}

const commandOf = ({ args }: Ours) => allCommands().find((command) => command.name() === args[0]);

/** Where a manifest and the code differ, a line each. */
export async function problemsOf(one: Ours): Promise<string[]> {
  const problems: string[] = [];
  const say = (what: string): void => void problems.push(`${one.name}: ${what}`);
  const command = commandOf(one);
  if (!command) return [`${one.name}: there is no command "${one.args[0]}"`];
  const known = new Set(command.options.map(({ envVar }) => envVar));
  for (const name of Object.keys(one.environment))
    if (!known.has(name) && !nodes.has(name)) say(`${name} is no setting of ${command.name()}`);
  if (!(command instanceof ComponentCommand)) return problems;
  let given: Record<string, unknown>;
  try {
    given = settingsOf(command, one);
  } catch (error) {
    return [...problems, `${one.name}: ${(error as Error).message}`];
  }
  const paths = Object.values(given).flatMap((value) =>
    typeof value === 'string' ? [resolve(image.folder, value), dirname(resolve(image.folder, value))] : [],
  );
  for (const path of one.mounts)
    if (path !== '/tmp' && !paths.includes(path)) say(`no setting names ${path}, which is mounted`);
  const admin = adminApp({
    registry: new Registry(),
    liveness: { stuck: [] },
    ready: () => Promise.resolve(true),
  });
  for (const { path, port } of one.probes) {
    if (port !== given.adminPort) say(`${path} is asked at ${port}, and answered at ${given.adminPort}`);
    if ((await admin.request(path)).status !== 200) say(`${path} is asked, and answered by nobody`);
  }
  const { drainWait = 0 } = given as { drainWait?: number };
  const needed = drainWait + command.drainMs + STOP_MS;
  if (one.graceMs < needed) say(`it is ended after ${one.graceMs} ms, and takes ${needed} ms to stop`);
  return problems;
}

/** Ports that are reached, and that nobody listens on. */
export function unheard(
  reached: readonly Reached[],
  listening: ReadonlyMap<string, readonly number[]>,
): string[] {
  return reached
    .filter(({ name, port }) => !listening.get(name)?.includes(port))
    .map(({ name, port, by }) => `${name}: ${by} expects it at ${port}`);
}

/** Where a configuration of Prometheus scrapes, by the names that it looks up. */
export function scrapedIn(configuration: string): Reached[] {
  const { scrape_configs } = parse(configuration) as {
    readonly scrape_configs: readonly {
      readonly dns_sd_configs: readonly { readonly names: readonly string[]; readonly port: number }[];
    }[];
  };
  return scrape_configs.flatMap(({ dns_sd_configs }) =>
    dns_sd_configs.flatMap(({ names, port }) => names.map((name) => ({ name, port, by: 'Prometheus' }))),
  );
}
