import { Command } from 'commander';
import { statsColumns } from '../../pipeline/model/stats-text.js';
import type { Statistics } from '../../pipeline/stats/api-tally.js';
import { authorization, outputOption, queryOf, tokenOption, urlOption } from '../options.js';
import { print, warn } from '../process.js';
import { table } from '../table.js';
import { duration } from '../terminal.js';

interface Given {
  readonly url: string;
  readonly token: string;
  readonly since?: string;
  readonly match?: string;
  readonly output: 'text' | 'json';
}

const help = `
For each service, method and template of paths:
${statsColumns
  .slice(3)
  .map(({ title, meaning }) => `  ${title.padEnd(8)}  ${meaning}`)
  .join('\n')}
Counted from the metrics in the log as for rules, so over restarts and scrapes that failed too.

Examples:
  tidemark stats
  tidemark stats --since 1d --match '{service="gateway",route!="unmatched"}'
  tidemark stats --since 1h -o json`;

export const statsCommand = (): Command =>
  new Command('stats')
    .description('how each API of the watched services was used: requests, errors, times, sizes')
    .addOption(urlOption())
    .addOption(tokenOption())
    .option('--since <time>', 'a duration back (1h; 15m unless given), or a time (2026-01-31T12:00:00Z)')
    .option('--match <selector>', 'those alone whose service, method and route match: {service="gateway"}')
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(run);

async function run({ url, token, since, match, output }: Given): Promise<void> {
  const { fetchJson } = await import('../follow.js');
  const query = queryOf({ since, match });
  const found = (await fetchJson(`${url}/api/v1/stats${query}`, authorization(token))) as Statistics;
  if (output === 'json') await print(JSON.stringify(found));
  else for (const line of statsTable(found)) await print(line);
  if (found.apis.length === 0)
    warn(
      'no API was used in this time, as far as the log knows: it needs the metric http_request_duration_seconds, with the labels service, method and route',
    );
}

/** The APIs, and below them of which time it is. */
export function statsTable({ from, to, apis }: Statistics): readonly string[] {
  if (apis.length === 0) return [];
  const rows = apis.map((api) => statsColumns.map(({ text }) => text(api)));
  const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
  return [...table(statsColumns, rows), `${time(from)}Z to ${time(to)}Z, ${duration(to - from)}`];
}
