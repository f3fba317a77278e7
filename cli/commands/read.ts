import { Command } from 'commander';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { outputOption, urlOption } from '../options.js';
import { pause } from '../pause.js';
import { color, print, printNow, untilStopped, warn } from '../process.js';
import { formatAlert, formatWindow } from '../terminal.js';

interface Given {
  readonly url: string;
  readonly follow?: true;
  readonly since?: string;
  readonly output: 'text' | 'json';
}

export const alertsCommand = (): Command =>
  reader<AlertRecord>('alerts', {
    description: 'alerts that are pending or firing; with --since, transitions',
    format: (alert) => formatAlert(alert, { color }),
  });

export const windowsCommand = (): Command =>
  reader<WindowRecord>('windows', {
    description: 'windows that closed, in the last five minutes unless told otherwise',
    format: formatWindow,
  });

interface Reading<T> {
  readonly description: string;
  readonly format: (record: T) => string;
}

/** What is there, or, with --follow, what comes. */
function reader<T>(name: 'alerts' | 'windows', { description, format }: Reading<T>): Command {
  return new Command(name)
    .description(description)
    .addOption(urlOption())
    .option('-f, --follow', 'go on with what comes')
    .option('--since <time>', 'a duration back (1h), or a time (2026-01-31T12:00:00Z)')
    .addOption(outputOption())
    .addHelpText('after', `\nExamples:\n  tidemark ${name} --follow\n  tidemark ${name} --since 1h -o json`)
    .action(async ({ url, follow, since, output }: Given) => {
      const { fetchJson, followStream } = await import('../follow.js');
      const line = (record: unknown): string =>
        output === 'json' ? JSON.stringify(record) : format(record as T);
      const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
      if (follow) {
        await followStream(`${url}/api/v1/${name}/stream${query}`, {
          signal: untilStopped(),
          onRecord: (record) => printNow(line(record)),
          onLost: (reason) => warn(`connection lost (${reason}), trying again`),
          pause,
        });
        return;
      }
      for (const record of (await fetchJson(`${url}/api/v1/${name}${query}`)) as unknown[])
        await print(line(record));
    });
}
