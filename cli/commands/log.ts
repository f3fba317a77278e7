import { Command, Option } from 'commander';
import { print, warn } from '../process.js';

export const logCommand = (): Command =>
  new Command('log').description('look into the log').addCommand(
    new Command('export')
      .description('print a topic as JSON lines, of a running or a stopped platform')
      .argument(
        '<topic>',
        'metrics, partials, windows, alerts, rules, video-jobs, video-events or dead-letter',
      )
      .addOption(new Option('--data <folder>', 'folder of the log').env('TIDEMARK_DATA').default('./data'))
      .addHelpText('after', '\nExample:\n  tidemark log export metrics > metrics.jsonl')
      .action(async (topic: string, { data }: { data: string }) => {
        const { exportTopic } = await import('../log-export.js');
        await exportTopic({ topic, data, print, warn });
      }),
  );
