import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RuleSet } from '../pipeline/model/rule.js';
import { compileRules } from '../pipeline/sla/compile.js';
import { formatDiagnostic } from '../pipeline/sla/diagnostics.js';
import { UsageError } from './usage-error.js';

/** A rule file of the package, as people write its path: relative where it lies below the current folder. */
export function packagedRules(name: string): string {
  const path = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}

/** The rule file where none is named: `sla.yaml` in the current folder, else the example of the package. */
export const usualRules = (): string => (existsSync('sla.yaml') ? 'sla.yaml' : packagedRules('sla.yaml'));

/** Reads and compiles a rule file; throws `UsageError` with every mistake, a line each. */
export function loadRules(file: string): RuleSet {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
  return rulesIn(file, bytes);
}

export const unreadable = (file: string, cause: unknown): UsageError =>
  new UsageError(`${file}:1:1 cannot be read: ${cause instanceof Error ? cause.message : cause}`);

/** Compiles the bytes of a rule file; throws `UsageError` with every mistake, a line each. */
export function rulesIn(file: string, bytes: Uint8Array): RuleSet {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw unreadable(file, error);
  }
  const compiled = compileRules({ file, text });
  if ('rules' in compiled) return compiled.rules;
  throw new UsageError(compiled.problems.map(formatDiagnostic).join('\n'));
}
