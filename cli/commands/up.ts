import { Command } from 'commander';
import { linkedAbort } from '../../platform/linked-abort.js';
import { aborted } from '../pause.js';
import { onHangup, untilStopped } from '../process.js';
import { loadRules, usualRules } from '../rules.js';
import { platformOptions, readSettings } from '../settings.js';

export function upCommand(): Command {
  const command = new Command('up')
    .description('run the whole platform in this process, on embedded stores')
    .addHelpText(
      'after',
      '\nExamples:\n  tidemark up\n  tidemark up --no-platform --target checkout=http://localhost:9100/metrics --sla my.yaml',
    )
    .action(up);
  for (const option of platformOptions({ sla: usualRules() })) command.addOption(option);
  return command;
}

async function up(given: Record<string, unknown>): Promise<void> {
  const { createLogger } = await import('../../platform/telemetry/logger.js');
  const { startPlatform } = await import('../up.js');
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
  onHangup(() => platform.reload());
  logger.info(
    { url: platform.url, rules: rules.rules.length, revision: rules.revision },
    `listening on ${platform.url}`,
  );
  await aborted(ended.signal);
  logger.info('stopping');
  await platform.stop();
  logger.info('stopped');
}
