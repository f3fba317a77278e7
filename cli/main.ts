#!/usr/bin/env node
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import cliProgress from 'cli-progress';
import { Command, Option } from 'commander';
import { PortTaken } from '../platform/http/serve.js';
import { linkedAbort } from '../platform/linked-abort.js';
import { LogError } from '../platform/log/event-log.js';
import { createLogger } from '../platform/telemetry/logger.js';
import type { AlertRecord, WindowRecord } from '../schemas/types.js';
import { backtest } from './backtest.js';
import { makeClip } from './clip.js';
import { runDemo } from './demo.js';
import { fetchJson, followStream, HttpStatusError } from './follow.js';
import { runLoad } from './load.js';
import { exportTopic } from './log-export.js';
import { pause } from './pause.js';
import { loadRules, packagedRules, usualRules } from './rules.js';
import { platformOptions, readSettings, UsageError } from './settings.js';
import { formatAlert, formatWindow } from './terminal.js';
import { startPlatform } from './up.js';

const exits = `
Exit codes: 0 all went well; 1 it could not be done, or nothing fired in a demo; 2 a mistake in what was
given: an option, a rule file, a line of a file.`;

/** Aborted at SIGINT or SIGTERM. */
function untilStopped(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  return stop.signal;
}

const color = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** Prints a line, and waits where the reader is slower than we are. */
async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

const warn = (line: string): void => void process.stderr.write(`${line}\n`);
const printNow = (line: string): void => void process.stdout.write(`${line}\n`);

const program = new Command('tidemark')
  .description('SLA monitoring as a stream: metrics in, windows, violations that explain themselves.')
  .showHelpAfterError()
  .addHelpText('after', exits);

function withOptions(command: Command, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option);
  return command;
}

withOptions(program.command('up'), platformOptions({ sla: usualRules() }))
  .description('run the whole platform in this process, on embedded stores')
  .addHelpText(
    'after',
    `\nExamples:\n  tidemark up\n  tidemark up --no-platform --target checkout=http://localhost:9100/metrics --sla my.yaml`,
  )
  .action(async (given: Record<string, unknown>) => {
    const settings = readSettings(given);
    const rules = loadRules(settings.sla);
    const logger = createLogger({ level: settings.logLevel });
    using ended = linkedAbort(untilStopped());
    const onFatal = (error: unknown): void => {
      logger.fatal({ err: error }, 'cannot go on');
      process.exitCode = 1;
      ended.abort();
    };
    const platform = await startPlatform({ settings, rules, logger, onFatal });
    logger.info(
      { url: platform.url, rules: rules.rules.length, revision: rules.revision },
      `listening on ${platform.url}`,
    );
    await pause(2 ** 31 - 1, ended.signal);
    logger.info('stopping');
    await platform.stop();
    logger.info('stopped');
  });

withOptions(
  program.command('demo'),
  platformOptions({ port: '0', sla: packagedRules('demo.yaml'), scrapeInterval: '1s', logLevel: 'error' }),
)
  .description('real traffic, a slow network, an alert that explains itself, a recovery; under 90 s')
  .action(async (given: Record<string, unknown>, command: Command) => {
    const settings = readSettings(given);
    const keepData = command.getOptionValueSource('data') !== 'default';
    const logger = createLogger({ level: settings.logLevel });
    const came = await runDemo({
      settings,
      keepData,
      logger,
      color,
      print: printNow,
      signal: untilStopped(),
    });
    if (!came) process.exitCode = 1;
  });

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new UsageError(`"${text}" is no whole number from 0 on`);
  return value;
};
const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new UsageError(`"${text}" is no number above 0`);
  return value;
};
const share = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new UsageError(`"${text}" is no probability from 0 to 1`);
  return value;
};
const url = new Option('--url <url>', 'where the platform is')
  .env('TIDEMARK_URL')
  .default('http://127.0.0.1:8080');

program
  .command('load')
  .description('drive the gateway with requests at a rate')
  .addOption(url)
  .option('--register <n1>', 'users that register, create a video and upload it', count, 10)
  .option('--video <file>', 'the mp4 that they upload; else a clip is made with ffmpeg')
  .option('--list <n2>', 'times that the videos are listed', count, 100)
  .option('--get <n3>', 'times that a video is asked for', count, 100)
  .option('--hit <p1>', 'probability that the video asked for exists', share, 0.5)
  .option('--rate <n>', 'requests per second', positive, 20)
  .option('--csv <file>', 'a row per request: time, method, URI, status, latency, bytes out, bytes in')
  .addHelpText(
    'after',
    '\nExample:\n  tidemark load --register 20 --list 500 --get 500 --rate 50 --csv load.csv',
  )
  .action(
    async (given: {
      url: string;
      register: number;
      list: number;
      get: number;
      hit: number;
      rate: number;
      csv?: string;
      video?: string;
    }) => {
      const { csv: file, video: path, ...options } = given;
      const video = options.register === 0 ? null : await videoFor(path);
      const bar = process.stderr.isTTY ? new cliProgress.SingleBar({ etaBuffer: 100 }) : null;
      const total = options.register + options.list + options.get;
      bar?.start(total, 0);
      const csv = file === undefined ? {} : { csv: createWriteStream(file) };
      const progress = (done: number): void => bar?.update(done);
      const result = await runLoad({
        ...options,
        ...csv,
        video,
        progress,
        random: Math.random,
        pause,
        signal: untilStopped(),
      });
      bar?.stop();
      if (csv.csv) await new Promise<void>((resolve) => csv.csv.end(resolve));
      await print(
        `${result.requests} requests, ${result.failures} failed, p50 ${result.p50} ms, p99 ${result.p99} ms`,
      );
      if (result.requests > 0 && result.failures === result.requests) process.exitCode = 1;
    },
  );

/** What the load uploads. */
async function videoFor(path: string | undefined): Promise<Buffer> {
  try {
    return path === undefined ? await makeClip(2) : readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${why}; name an mp4 with --video, or upload nothing with --register 0`);
  }
}

interface ReadOptions {
  readonly url: string;
  readonly follow?: true;
  readonly since?: string;
  readonly output: 'text' | 'json';
}

/** `alerts` and `windows`: what is there, or, with --follow, what comes. */
function reader<T>(name: 'alerts' | 'windows', description: string, format: (record: T) => string): void {
  program
    .command(name)
    .description(description)
    .addOption(url)
    .option('-f, --follow', 'go on with what comes')
    .option('--since <time>', 'a duration back (1h), or a time (2026-01-31T12:00:00Z)')
    .addOption(new Option('-o, --output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', `\nExamples:\n  tidemark ${name} --follow\n  tidemark ${name} --since 1h -o json`)
    .action(async ({ url: base, follow, since, output }: ReadOptions) => {
      const line = (record: unknown): string =>
        output === 'json' ? JSON.stringify(record) : format(record as T);
      const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
      if (!follow) {
        for (const record of (await fetchJson(`${base}/api/v1/${name}${query}`)) as unknown[])
          await print(line(record));
        return;
      }
      const onLost = (reason: string): void => warn(`connection lost (${reason}), trying again`);
      const onRecord = (record: unknown): void => printNow(line(record));
      await followStream(`${base}/api/v1/${name}/stream${query}`, {
        signal: untilStopped(),
        onRecord,
        onLost,
        pause,
      });
    });
}
reader<AlertRecord>('alerts', 'alerts that are pending or firing; with --since, transitions', (alert) =>
  formatAlert(alert, { color }),
);
reader<WindowRecord>('windows', 'windows that closed', formatWindow);

program
  .command('check')
  .description('report every mistake of a rule file, as FILE:LINE:COLUMN message on stderr')
  .argument('[file]', 'rule file', usualRules())
  .action(async (file: string) => {
    const { rules, selections, revision } = loadRules(file);
    await print(`${file}: ${rules.length} rules, ${selections.length} selections, revision ${revision}`);
  });

program
  .command('backtest')
  .description('judge recorded metrics by a rule file, with the live operators')
  .argument('<sla>', 'rule file')
  .requiredOption('--file <file>', 'JSON lines as `tidemark log export metrics` prints them')
  .option('--windows', 'print windows too')
  .option('--partitions <n>', 'number of partitions; else as many as the file names', count)
  .addOption(new Option('-o, --output <form>', 'text or json').choices(['text', 'json']).default('text'))
  .addHelpText(
    'after',
    '\nExample:\n  tidemark log export metrics > metrics.jsonl\n  tidemark backtest sla.yaml --file metrics.jsonl -o json',
  )
  .action(
    async (
      sla: string,
      given: { file: string; windows?: true; partitions?: number; output: 'text' | 'json' },
    ) => {
      const partitions = given.partitions ?? null;
      if (partitions === 0) throw new UsageError('--partitions must be at least 1');
      await backtest({
        sla,
        file: given.file,
        windows: given.windows === true,
        partitions,
        output: given.output,
        print: printNow,
        warn,
      });
    },
  );

program
  .command('log')
  .description('look into the log')
  .command('export')
  .description('print a topic as JSON lines, of a running or a stopped platform')
  .argument('<topic>', 'metrics, partials, windows, alerts, rules or dead-letter')
  .addOption(new Option('--data <folder>', 'folder of the log').env('TIDEMARK_DATA').default('./data'))
  .action((topic: string, { data }: { data: string }) => exportTopic({ topic, data, print, warn }));

/** What went wrong as one line each, without a stack where it is no fault of ours. */
function fail(error: unknown): void {
  const told =
    error instanceof UsageError ||
    error instanceof PortTaken ||
    error instanceof LogError ||
    error instanceof HttpStatusError;
  const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  if (refused) warn('nothing answers there: is the platform running, and --url right?');
  else if (told) warn(error.message);
  else warn(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader, `head` for one, has seen enough.
  if (error.code === 'EPIPE') process.exit(0);
});

program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
await program.parseAsync().catch(fail);
