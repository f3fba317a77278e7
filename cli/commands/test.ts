import { Command } from 'commander';
import { print } from '../process.js';
import { UsageError } from '../usage-error.js';

interface Given {
  readonly match: string;
  readonly junit?: string;
}

export const testCommand = (): Command =>
  new Command('test')
    .description('run the tests of rule files: what fires, and when, over series that they give')
    .argument('<files...>', 'files of tests, as docs/rules.md has them')
    .option('--match <text>', 'those alone that have this in their name', '')
    .option('--junit <file>', 'also write the results as JUnit XML')
    .addHelpText(
      'after',
      `
Ends with 1 where a test fails, with 2 where a file is malformed.

Examples:
  tidemark test sla.test.yaml
  tidemark test rules/*.test.yaml --match checkout --junit results.xml`,
    )
    .action(async (names: readonly string[], { match, junit: to }: Given) => {
      const { readTestFiles, runTestFiles } = await import('../rule-tests/files.js');
      const { failed, junit, report } = await import('../rule-tests/report.js');
      const { writeFileSync } = await import('node:fs');
      const outcomes = runTestFiles(readTestFiles(names), match);
      try {
        if (to !== undefined) writeFileSync(to, junit(outcomes));
      } catch (error) {
        throw new UsageError(`${to} cannot be written: ${error instanceof Error ? error.message : error}`);
      }
      for (const line of report(outcomes)) await print(line);
      if (failed(outcomes) > 0) process.exitCode = 1;
    });
