import { Command } from 'commander';
import { readingNames } from '../cluster.js';
import { print, warn } from '../process.js';
import { optionsOf, readOptions } from '../settings.js';
import { topicNames } from '../topics.js';
import { UsageError } from '../usage-error.js';

export const logCommand = (): Command =>
  new Command('log').description('look into the log').addCommand(exportCommand());

function exportCommand(): Command {
  const command = new Command('export')
    .description('print a topic as JSON lines: what is there when it begins, of a log in use or not')
    .argument('<topic>', topicNames.join(', '))
    .addHelpText(
      'after',
      `
With KAFKA_BROKERS it is the log of the cluster, of which it writes nothing; without, or with --data, that of
a data folder.

Examples:
  tidemark log export metrics > metrics.jsonl
  KAFKA_BROKERS=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8081 tidemark log export alerts`,
    )
    .action(exportFrom);
  for (const option of optionsOf(['data', ...readingNames])) command.addOption(option);
  return command;
}

async function exportFrom(topic: string, given: Record<string, unknown>, command: Command): Promise<void> {
  const typed = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  if (typed('data') && typed('kafkaBrokers'))
    throw new UsageError('--data and --kafka-brokers are two logs: give one of them');
  // What is typed goes before a variable, which may be there for other commands.
  const cluster = given.kafkaBrokers !== undefined && !typed('data');
  const settings = cluster ? readOptions(readingNames, given) : readOptions(['data'], given);
  const { openSource } = await import('../log-source.js');
  const { exportTopic } = await import('../log-export.js');
  const { log, codec, close } = await openSource(settings, warn);
  try {
    await exportTopic({ log, codec, topic, print, warn });
  } finally {
    await close();
  }
}
