import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { loadRules } from '../rules.js';
import { UsageError } from '../usage-error.js';
import { readTests } from './read.js';
import type { FileOutcome } from './report.js';
import type { RuleTests } from './rule-test.js';
import { runTest } from './run.js';

/** Reads files of tests; rule files lie relative to them. Throws `UsageError` with the mistakes of all. */
export function readTestFiles(files: readonly string[]): readonly RuleTests[] {
  const mistakes: string[] = [];
  const read = files.flatMap((file) => {
    try {
      return readTests(file, textOf(file), (path) =>
        loadRules(isAbsolute(path) ? path : join(dirname(file), path)),
      );
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      mistakes.push(error.message);
      return [];
    }
  });
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return read;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}:1:1 cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Runs the tests of files whose name has `match` in it. Throws `UsageError` where there is none. */
export function runTestFiles(files: readonly RuleTests[], match: string): readonly FileOutcome[] {
  const chosen = files.map(({ file, rules, tests }) => ({
    file,
    outcomes: tests.filter(({ name }) => name.includes(match)).map((test) => runTest(test, rules)),
  }));
  if (chosen.every(({ outcomes }) => outcomes.length === 0))
    throw new UsageError(`--match: no test has "${match}" in its name`);
  return chosen;
}
