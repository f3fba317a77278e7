import { Command, Option } from 'commander';
import { parseDuration } from '../../pipeline/sla/duration.js';
import { instant } from '../instant.js';
import { logNames, logSettingsOf, openSource } from '../log-source.js';
import { count } from '../options.js';
import { printNow, warn } from '../process.js';
import { beside, progressOn } from '../progress.js';
import { loadRules, usualRules } from '../rules.js';
import { optionsOf, readOptions } from '../settings.js';
import { UsageError } from '../usage-error.js';

interface Given {
  readonly period: number;
  readonly to?: string;
  readonly file?: string;
  readonly objective?: number;
  readonly worst: number;
  readonly quiet?: true;
  readonly output: 'table' | 'json' | 'html';
}

const examples = `
Without --file it is the log: that of the cluster with KAFKA_BROKERS, else, or with --data, that of a data
folder, in use or not. It goes back as far as windows are kept (--retention), which the report says.

Examples:
  tidemark report --period 30d --objective 99.9%
  tidemark report --period 7d -o html > report.html
  tidemark backtest sla.yaml --prometheus http://localhost:9090 --from 30d --windows -o json > results.jsonl
  tidemark report --period 30d --file results.jsonl`;

export const reportCommand = (): Command => {
  const command = new Command('report')
    .description('how the rules were kept over a period: shares, objectives, worst windows, alerts')
    .addOption(new Option('--period <duration>', 'how long it is').argParser(periodOf).makeOptionMandatory())
    .option('--to <time>', 'its end: a duration back (1d), or a time; else now, of a file its last window')
    .option('--file <file>', 'JSON lines of windows and alerts, as `log export` and `backtest` print them')
    .addOption(
      new Option('--objective <percent>', 'share of windows in which each rule is to be held').argParser(
        objectiveOf,
      ),
    )
    .option(
      '--worst <n>',
      'how many of the worst windows are told of each rule and group',
      count('--worst'),
      3,
    )
    .option('-q, --quiet', 'no progress')
    .addOption(
      new Option('-o, --output <form>', 'table, json, html')
        .choices(['table', 'json', 'html'])
        .default('table'),
    )
    .addHelpText('after', examples)
    .action(run);
  for (const option of optionsOf(['sla', ...logNames], { sla: usualRules() })) command.addOption(option);
  return command;
};

const LONGEST_MS = parseDuration('100y');

function periodOf(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms > 0 && ms <= LONGEST_MS) return ms;
  } catch {
    // Told below, with the option.
  }
  throw new UsageError(`--period is "${text}": give a duration above 0, like 30d, and at most 100y`);
}

function objectiveOf(text: string): number {
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?%$/.exec(text) ?? [];
  // The quotient of two whole numbers is rounded once: 99.9% is the double nearest to 0.999.
  const objective = Number(whole + fraction) / 10 ** (fraction.length + 2);
  if (objective > 0 && objective < 1) return objective;
  throw new UsageError(`--objective is "${text}": give a share above 0% and below 100%, like 99.9%`);
}

async function run({ period, to, file, objective, ...given }: Given, command: Command): Promise<void> {
  const { sla } = readOptions(['sla'], { ...given });
  const rules = loadRules(sla);
  const { fileResults, logResults, report } = await import('../report.js');
  const progress = progressOn(process.stderr, { ...given, clock: () => performance.now() });
  const say = beside(progress, warn);
  const source = file === undefined ? await openSource(logSettingsOf({ ...given }, command), warn) : null;
  try {
    const input = source ? logResults(source, say) : fileResults(file ?? '');
    const now = Date.now();
    const end = to === undefined ? ((await input.last()) ?? now) : instant('--to', to, now);
    const { output, worst } = given;
    await report({
      ...{ rules, input, period, to: end, objective: objective ?? null, worst, output },
      ...{ progress, print: printNow, warn: say },
    });
  } finally {
    await source?.close();
  }
}
