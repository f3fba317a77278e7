import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { print, warn } from '../process.js';
import { unreadable } from '../rules.js';
import { UsageError } from '../usage-error.js';

export const importCommand = (): Command =>
  new Command('import').description('rules of other systems as a rule file').addCommand(prometheusCommand());

const prometheusCommand = (): Command =>
  new Command('prometheus')
    .description('convert the alerts of a rule file of Prometheus, or of a PrometheusRule')
    .argument('<file>', 'rule file of Prometheus')
    .addHelpText(
      'after',
      `
The rule file is printed, each rule below what it was. On stderr is, with FILE:LINE:COLUMN, what could not be
converted and why, and what is not quite the same. Exit codes: 0 every alert was converted; 1 some were not, the
others are printed; 2 it is no rule file of Prometheus, nothing is printed.

Example:
  tidemark import prometheus rules.yml > sla.yaml && tidemark check sla.yaml`,
    )
    .action(importFrom);

async function importFrom(file: string): Promise<void> {
  const { convertPrometheus } = await import('../../pipeline/promql/convert.js');
  const { formatDiagnostic } = await import('../../pipeline/sla/diagnostics.js');
  const conversion = convertPrometheus(file, textOf(file));
  if ('problems' in conversion) throw new UsageError(conversion.problems.map(formatDiagnostic).join('\n'));
  const { text, converted, left, notes } = conversion;
  for (const note of notes) warn(`${formatDiagnostic(note)} (note)`);
  for (const one of left) warn(formatDiagnostic(one));
  warn(`${file}: ${converted} alerts converted, ${left.length} not, ${notes.length} notes`);
  if (text !== null) await print(text.trimEnd());
  if (left.length > 0) process.exitCode = 1;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}
