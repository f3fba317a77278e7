import { Command } from 'commander';
import { logNames, logSettingsOf, openSource } from '../log-source.js';
import { print, warn } from '../process.js';
import { optionsOf } from '../settings.js';
import { topicNames } from '../topics.js';

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
  for (const option of optionsOf(logNames)) command.addOption(option);
  return command;
}

async function exportFrom(topic: string, given: Record<string, unknown>, command: Command): Promise<void> {
  const { exportTopic } = await import('../log-export.js');
  const { log, codec, close } = await openSource(logSettingsOf(given, command), warn);
  try {
    await exportTopic({ log, codec, topic, print, warn });
  } finally {
    await close();
  }
}
