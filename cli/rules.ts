import { readFileSync } from 'node:fs';
import type { RuleSet } from '../pipeline/model/rule.js';
import { compileRules } from '../pipeline/sla/compile.js';
import { formatDiagnostic } from '../pipeline/sla/diagnostics.js';
import { UsageError } from './settings.js';

/** Reads and compiles a rule file; throws `UsageError` with every mistake, a line each. */
export function loadRules(file: string): RuleSet {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}:1:1 cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const compiled = compileRules({ file, text });
  if ('rules' in compiled) return compiled.rules;
  throw new UsageError(compiled.problems.map(formatDiagnostic).join('\n'));
}
