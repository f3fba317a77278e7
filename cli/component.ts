import { Command } from 'commander';
import type { Registry } from 'prom-client';
import type { Listening } from '../platform/http/serve.js';
import { linkedAbort } from '../platform/linked-abort.js';
import type { Logger } from '../platform/telemetry/logger.js';
import { type AdminOptions, adminApp } from './admin.js';
import { Liveness } from './liveness.js';
import { aborted, pause } from './pause.js';
import { untilStopped } from './process.js';
import { type Given, type Name, optionsOf, readOptions } from './settings.js';

const LINGER_MS = 1_000;
/** A part that cannot be stopped in so long, a broker is silent for one, is left to the end of the process, ms. */
export const STOP_MS = 5_000;

/** What a component is given to live in. */
export interface Surroundings {
  readonly logger: Logger;
  readonly registry: Registry;
  /** Told of its loops; a process whose loops are stuck is to be restarted. */
  readonly liveness: Liveness;
  /** It cannot go on: the process has to end. */
  readonly onFatal: (error: unknown) => void;
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal;
  /** Undone at the end, last one first; `drainMs` is what it may take for good reasons. */
  readonly onStop: (stop: () => Promise<unknown>, drainMs?: number) => void;
}

export interface ComponentOptions<N extends Name> {
  readonly name: string;
  readonly description: string;
  readonly names: readonly N[];
  readonly defaults?: Partial<Record<Name, string>>;
  /** What it may take for good reasons to stop, ms. */
  readonly drainMs?: number;
  /** Starts it; resolves to where it can be reached, and whether it is ready from time to time. */
  readonly start: (
    settings: Given<N | 'adminPort' | 'host' | 'logLevel'>,
    surroundings: Surroundings,
  ) => Promise<{ readonly url?: string; readonly ready?: () => Promise<boolean> }>;
}

/** A component of the cluster as a command, with its settings and what it may take for good reasons to stop. */
export class ComponentCommand extends Command {
  constructor(
    name: string,
    readonly settings: readonly Name[],
    readonly drainMs: number,
  ) {
    super(name);
  }
}

/** A component of the cluster, with /metrics, /healthz and /readyz on its admin port. */
export function componentCommand<N extends Name>(options: ComponentOptions<N>): ComponentCommand {
  const names = [...options.names, 'adminPort', 'host', 'logLevel'] as const;
  const all = [...new Set(names)] as readonly (N | 'adminPort' | 'host' | 'logLevel')[];
  const command = new ComponentCommand(options.name, all, options.drainMs ?? 0);
  command
    .description(options.description)
    .action((given: Record<string, unknown>) => run(options, readOptions(all, given)));
  for (const option of optionsOf(all, options.defaults)) command.addOption(option);
  return command;
}

async function run<N extends Name>(
  { name, start }: ComponentOptions<N>,
  settings: Given<N | 'adminPort' | 'host' | 'logLevel'>,
): Promise<void> {
  const { createLogger } = await import('../platform/telemetry/logger.js');
  const { createRegistry } = await import('../platform/telemetry/registry.js');
  const common = settings as Given<'adminPort' | 'host' | 'logLevel'>;
  const logger = createLogger({ level: common.logLevel });
  const registry = createRegistry();
  const stops: (() => Promise<unknown>)[] = [];
  const onStop: Surroundings['onStop'] = (stop, drainMs = 0) => {
    stops.push(async () => {
      const over = new AbortController();
      const stopped = stop().then(() => true);
      const late = pause(drainMs + STOP_MS, over.signal).then(() => false);
      if (!(await Promise.race([stopped, late]).finally(() => over.abort())))
        logger.warn('a part of it does not stop in time; the process ends without');
    });
  };
  using ended = linkedAbort(untilStopped());
  const { signal } = ended;
  const onFatal = (error: unknown): void => {
    logger.fatal({ err: error }, 'cannot go on');
    process.exitCode = 1;
    ended.abort();
  };
  const liveness = new Liveness(() => performance.now());
  let ready: (() => Promise<boolean>) | null = null;
  try {
    const admin = await adminServer(common, {
      ...{ registry, liveness },
      ready: async () => (ready ? ready() : false),
    });
    onStop(() => admin.close(0));
    const starting = start(settings, { logger, registry, liveness, onFatal, signal, onStop });
    // Whatever it waits for, it need not come any more.
    const started = await Promise.race([starting, aborted(signal).then(() => null)]);
    if (started !== null) {
      ready = started.ready ?? (() => Promise.resolve(true));
      logger.info({ component: name, admin: admin.url }, `listening on ${started.url ?? admin.url}`);
      await aborted(signal);
      // First of all: while it stops, nothing new is to be sent to it.
      ready = () => Promise.resolve(false);
    } else starting.catch(() => undefined);
    logger.info('stopping');
  } catch (error) {
    // Stopped while it was waiting for something: no failure.
    if (!signal.aborted) throw error;
  } finally {
    for (const stop of stops.reverse()) {
      await stop().catch((error: unknown) => logger.error({ err: error }, 'stopping'));
    }
    // Whatever a client library still holds open must not keep the process alive.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
  logger.info('stopped');
}

async function adminServer(
  { host, adminPort: port }: Given<'adminPort' | 'host'>,
  options: AdminOptions,
): Promise<Listening> {
  const { serve } = await import('../platform/http/serve.js');
  return serve({ fetch: adminApp(options).fetch as never, host, port });
}
