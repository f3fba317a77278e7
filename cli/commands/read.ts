import { Command } from 'commander';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { authorization, outputOption, queryOf, tokenOption, urlOption } from '../options.js';
import { pause } from '../pause.js';
import { color, print, printNow, untilStopped, warn } from '../process.js';
import { formatAlert, formatWindow } from '../terminal.js';

interface Given {
  readonly url: string;
  readonly token: string;
  readonly follow?: true;
  readonly since?: string;
  readonly output: 'text' | 'wide' | 'json';
  readonly match?: string;
  readonly state?: string;
  readonly severity?: string;
}

export const alertsCommand = (): Command =>
  reader<AlertRecord>('alerts', {
    description: 'alerts that are pending or firing; with --since, transitions',
    format: (alert, wide) => formatAlert(alert, { color, wide }),
    example: `--state firing --match '{service="checkout"}'`,
  })
    .option('--state <states>', 'those alone: inactive, pending, firing, resolved; several with commas')
    .option('--severity <severities>', 'those alone: critical, warning, info; several with commas');

export const windowsCommand = (): Command =>
  reader<WindowRecord>('windows', {
    description: 'windows that closed, in the last five minutes unless told otherwise',
    format: formatWindow,
    example: `--match '{route=~"/videos.*"}'`,
  });

interface Reading<T> {
  readonly description: string;
  readonly format: (record: T, wide: boolean) => string;
  readonly example: string;
}

/** What is there, or, with --follow, what comes. */
function reader<T>(name: 'alerts' | 'windows', { description, format, example }: Reading<T>): Command {
  return new Command(name)
    .description(description)
    .addOption(urlOption())
    .addOption(tokenOption())
    .option('-f, --follow', 'go on with what comes')
    .option('--since <time>', 'a duration back (1h), or a time (2026-01-31T12:00:00Z)')
    .option('--match <selector>', 'those alone whose labels match, as in a rule: {service="checkout"}')
    .addOption(outputOption('wide'))
    .addHelpText(
      'after',
      `\nExamples:\n  tidemark ${name} --follow\n  tidemark ${name} --since 1h -o json\n  tidemark ${name} ${example}`,
    )
    .action(async ({ url, token, follow, output, since, match, state, severity }: Given) => {
      const { fetchJson, followStream } = await import('../follow.js');
      const line = (record: unknown): string =>
        output === 'json' ? JSON.stringify(record) : format(record as T, output === 'wide');
      const query = queryOf({ since, match, state, severity });
      const headers = authorization(token);
      if (follow) {
        await followStream(`${url}/api/v1/${name}/stream${query}`, {
          headers,
          signal: untilStopped(),
          onRecord: (record) => printNow(line(record)),
          onLost: (reason) => warn(`connection lost (${reason}), trying again`),
          pause,
        });
        return;
      }
      for (const record of (await fetchJson(`${url}/api/v1/${name}${query}`, headers)) as unknown[])
        await print(line(record));
    });
}
