import { Command } from 'commander';
import { count, outputOption } from '../options.js';
import { printNow, warn } from '../process.js';
import { optionsOf, readOptions } from '../settings.js';
import { UsageError } from '../usage-error.js';

interface Given {
  readonly file: string;
  readonly windows?: true;
  readonly partitions?: number;
  readonly output: 'text' | 'json';
}

const limits = ['maxSeries', 'maxGroups'] as const;

export const backtestCommand = (): Command => {
  const command = new Command('backtest')
    .description('judge recorded metrics by a rule file, with the live operators')
    .argument('<sla>', 'rule file')
    .requiredOption('--file <file>', 'JSON lines as `tidemark log export metrics` prints them')
    .option('--windows', 'print windows too')
    .option('--partitions <n>', 'number of partitions; else as many as the file names', count)
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExample:\n  tidemark log export metrics > metrics.jsonl\n  tidemark backtest sla.yaml --file metrics.jsonl -o json',
    )
    .action(async (sla: string, { file, output, ...given }: Given) => {
      const windows = given.windows === true;
      const partitions = given.partitions ?? null;
      if (partitions === 0) throw new UsageError('--partitions must be at least 1');
      const { backtest } = await import('../backtest.js');
      await backtest({
        ...{ sla, file, windows, partitions, output, print: printNow, warn },
        limits: readOptions(limits, { ...given }),
      });
    });
  for (const option of optionsOf(limits)) command.addOption(option);
  return command;
};
