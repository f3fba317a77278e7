import { Command, Option } from 'commander';
import type { RuleSet } from '../../pipeline/model/rule.js';
import { boundsOf } from '../instant.js';
import { logNames, logSettingsOf, openSource } from '../log-source.js';
import type { MetricsInput } from '../metrics-input.js';
import { count, httpUrl } from '../options.js';
import { pause } from '../pause.js';
import { printNow, warn } from '../process.js';
import { beside, progressOn } from '../progress.js';
import { loadRules } from '../rules.js';
import { optionsOf, readOptions } from '../settings.js';
import { prometheusAccess } from '../spout.js';
import { UsageError } from '../usage-error.js';

interface Given {
  readonly file?: string;
  readonly prometheus?: string;
  readonly from?: string;
  readonly to?: string;
  readonly diff?: true;
  readonly failOnChange?: true;
  readonly windows?: true;
  readonly partitions?: number;
  readonly quiet?: true;
  readonly output: 'table' | 'text' | 'json';
}

const limits = ['maxSeries', 'maxGroups'] as const;

const examples = `
Without --file and --prometheus it is the log itself: that of the cluster with KAFKA_BROKERS, else, or with
--data, that of a data folder, in use or not.

Exit codes: 0 whether alerts fired or not; 1 it could not be done, or, with --fail-on-change, an alert
changes; 2 a mistake in what was given.

Examples:
  tidemark backtest sla.yaml --from 7d
  tidemark backtest sla.yaml --prometheus http://localhost:9090 --from 7d --to 1d
  tidemark backtest --diff sla.yaml new.yaml --from 7d
  tidemark log export metrics > metrics.jsonl
  tidemark backtest sla.yaml --file metrics.jsonl -o json`;

export const backtestCommand = (): Command => {
  const command = new Command('backtest')
    .description(
      'which alerts would have fired: judge recorded metrics by a rule file, with the live operators',
    )
    .argument('<sla>', 'rule file; with --diff the old one')
    .argument('[new]', 'with --diff: the rule file that it is compared with')
    .option('--file <file>', 'JSON lines as `tidemark log export metrics` prints them')
    .addOption(
      new Option('--prometheus <url>', 'the history of this Prometheus').argParser(httpUrl('--prometheus')),
    )
    .option('--from <time>', 'alerts from then on: a duration back (7d), or a time (2026-01-31T12:00:00Z)')
    .option('--to <time>', 'alerts until then; else as far as the data go')
    .option('--diff', 'two rule files over the same data: alerts that come, go, or change')
    .option('--fail-on-change', 'with --diff: exit with 1 where an alert comes, goes or changes')
    .option('--windows', 'print windows too; with -o text or json')
    .option(
      '--partitions <n>',
      'number of partitions; else as many as the file names, or 4',
      count('--partitions'),
    )
    .option('-q, --quiet', 'no progress')
    .addOption(
      new Option('-o, --output <form>', 'table, text (a line for each transition), json')
        .choices(['table', 'text', 'json'])
        .default('table'),
    )
    .addHelpText('after', examples)
    .action(run);
  for (const option of optionsOf([...logNames, ...prometheusAccess, ...limits])) command.addOption(option);
  return command;
};

async function run(sla: string, other: string | undefined, given: Given, command: Command): Promise<void> {
  checkForm(given, other);
  const rules = [sla, ...(other === undefined ? [] : [other])].map(loadRules);
  const progress = progressOn(process.stderr, { ...given, clock: () => performance.now() });
  const say = beside(progress, warn);
  const { input, close } = await inputOf({ given, command, rules, warn: say });
  const shared = {
    ...{ input, progress, print: printNow, warn: say },
    bounds: boundsOf(given, Date.now()),
    limits: readOptions(limits, { ...given }),
  };
  try {
    const { backtest, diff } = await import('../backtest.js');
    const [old, changed] = rules as [RuleSet, RuleSet | undefined];
    const { output } = given;
    if (changed === undefined)
      await backtest({ ...shared, rules: old, output, windows: given.windows === true });
    else if (output !== 'text') {
      const changes = await diff({ ...shared, old, new: changed, output });
      if (changes > 0 && given.failOnChange) process.exitCode = 1;
    }
  } finally {
    await close();
  }
}

/** Throws `UsageError` where what is given does not go together. */
function checkForm(given: Given, other: string | undefined): void {
  const { file, prometheus, diff, failOnChange, windows, partitions, output, from } = given;
  const wrong = [
    [file !== undefined && prometheus !== undefined, '--file and --prometheus are two sources: give one'],
    [diff && other === undefined, '--diff takes two rule files: give the new one behind the old one'],
    [!diff && other !== undefined, `${other} is a second rule file: compare the two with --diff`],
    [!diff && failOnChange, '--fail-on-change needs --diff'],
    [diff && output === 'text', '--diff prints -o table or json'],
    [diff && windows, '--windows does not go with --diff'],
    [windows && output === 'table', '--windows needs -o text or -o json'],
    [partitions === 0, '--partitions must be at least 1'],
    [
      partitions !== undefined && file === undefined && prometheus === undefined,
      '--partitions goes with --file or --prometheus: a log says itself how many it has',
    ],
    [
      prometheus !== undefined && from === undefined,
      '--from is missing: say how far back to read, like --from 7d',
    ],
  ] as const;
  const found = wrong.flatMap(([is, message]) => (is ? [message] : []));
  if (found.length > 0) throw new UsageError(found.join('\n'));
}

interface Opened {
  readonly input: MetricsInput;
  readonly close: () => Promise<void>;
}

interface Opening {
  readonly given: Given;
  readonly command: Command;
  readonly rules: readonly RuleSet[];
  readonly warn: (line: string) => void;
}

async function inputOf({ given, command, rules, warn }: Opening): Promise<Opened> {
  const close = (): Promise<void> => Promise.resolve();
  const { DEFAULT_PARTITIONS, fileInput } = await import('../metrics-file.js');
  if (given.file !== undefined)
    return { input: await fileInput(given.file, given.partitions ?? null), close };
  if (given.prometheus !== undefined) {
    const { prometheus } = await import('../../platform/scrape/prometheus.js');
    const { historyInput } = await import('../metrics-history.js');
    const { prometheusOf } = await import('../spout.js');
    const access = readOptions(prometheusAccess, { ...given });
    const source = prometheus(prometheusOf({ ...access, prometheusUrl: given.prometheus }));
    const partitions = given.partitions ?? DEFAULT_PARTITIONS;
    return { input: historyInput({ source, rules, partitions, pause, warn }), close };
  }
  const { logInput } = await import('../metrics-log.js');
  const source = await openSource(logSettingsOf({ ...given }, command), warn);
  return { input: await logInput(source, warn), close: source.close };
}
