import { Command } from 'commander';
import { color, printNow, untilStopped } from '../process.js';
import { packagedRules } from '../rules.js';
import { platformOptions, readSettings } from '../settings.js';
import { UsageError } from '../usage-error.js';

export function demoCommand(): Command {
  const command = new Command('demo')
    .description('real traffic, a slow network, an alert that explains itself, a recovery; under 90 s')
    .addHelpText('after', '\nExamples:\n  tidemark demo\n  tidemark demo --sla my.yaml --data ./demo-data')
    .action(demo);
  const defaults = { port: '0', sla: packagedRules('demo.yaml'), scrapeInterval: '1s', logLevel: 'error' };
  for (const option of platformOptions(defaults)) command.addOption(option);
  return command;
}

async function demo(given: Record<string, unknown>, command: Command): Promise<void> {
  const { createLogger } = await import('../../platform/telemetry/logger.js');
  const { runDemo } = await import('../demo.js');
  const settings = readSettings(given);
  if (!settings.platform) throw new UsageError('--no-platform would leave a demo without traffic');
  const came = await runDemo({
    settings,
    keepData: command.getOptionValueSource('data') !== 'default',
    logger: createLogger({ level: settings.logLevel }),
    color,
    print: printNow,
    signal: untilStopped(),
  });
  if (!came) process.exitCode = 1;
}
