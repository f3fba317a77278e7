import type { Node } from 'yaml';
import type { RuleSet } from '../../pipeline/model/rule.js';
import { formatDiagnostic } from '../../pipeline/sla/diagnostics.js';
import { Problems } from '../../pipeline/sla/document.js';
import { parseDuration } from '../../pipeline/sla/duration.js';
import { given, parsed, type Read } from '../../pipeline/sla/read.js';
import { UsageError } from '../usage-error.js';
import { expectations } from './read-expectations.js';
import { seriesUnder } from './read-series.js';
import type { RuleTest, RuleTests } from './rule-test.js';

const INTERVAL = 15_000;

/** Loads a rule file by its path as the test file has it; throws `UsageError`. */
export type Load = (path: string) => RuleSet;

/** Reads a file of tests, and the rules that it names; throws `UsageError` with every mistake, a line each. */
export function readTests(file: string, text: string, load: Load): RuleTests {
  const problems = new Problems(file);
  const root = problems.parse(text);
  const read = problems.all.length === 0 ? readFile(problems, root, load) : null;
  if (read !== null && problems.all.length === 0) return { file, ...read };
  const all = problems.all.toSorted((a, b) => a.line - b.line || a.column - b.column);
  throw new UsageError(all.map(formatDiagnostic).join('\n'));
}

function readFile(problems: Problems, root: Node | null, load: Load): Omit<RuleTests, 'file'> | null {
  const top = problems.entries(root, ['rule_files', 'interval', 'tests'], 'the file');
  if (!top) return null;
  if (!top.has('rule_files'))
    problems.at(root, 'rule_files is missing: list at least one rule file under it');
  if (!top.has('tests')) problems.at(root, 'tests is missing: list at least one test under it');
  const read = given(problems, top);
  const rules = read('rule_files', ruleFiles(load)) ?? [];
  const interval = read('interval', length) ?? INTERVAL;
  // What is wrong with the rules is wrong with all that is said of them.
  if (rules.length === 0) return null;
  const tests = read('tests', (_, node, what) => {
    const items = problems.items(node, what);
    if (items.length === 0) problems.at(node, 'tests is an empty list: write at least one test');
    return items.flatMap((item) => readTest(problems, item, { rules, interval }) ?? []);
  });
  return { rules, tests: tests ?? [] };
}

const length: Read<number> = (problems, node, what) => {
  const ms = parsed(parseDuration)(problems, node, what);
  if (ms === 0) problems.at(node, `${what} must be longer than 0`);
  return ms === 0 ? undefined : ms;
};

const ruleFiles =
  (load: Load): Read<readonly RuleSet[]> =>
  (problems, node, what) => {
    const items = problems.items(node, what);
    if (items.length === 0) problems.at(node, `${what} is an empty list: name at least one rule file`);
    return items.flatMap((item) => {
      const path = problems.text(item, what);
      return path === undefined ? [] : load(path);
    });
  };

interface Around {
  readonly rules: readonly RuleSet[];
  readonly interval: number;
}

function readTest(problems: Problems, node: Node, { rules, interval }: Around): RuleTest | null {
  const entries = problems.entries(node, ['name', 'interval', 'input_series', 'expect'], 'a test');
  if (!entries) return null;
  const read = given(problems, entries);
  const name = read('name', (_, item, what) => problems.text(item, what));
  if (!entries.has('name')) problems.at(node, 'name is missing: say what the test shows');
  if (!entries.has('input_series'))
    problems.at(node, 'input_series is missing: list the series that are scraped');
  if (!entries.has('expect'))
    problems.at(node, 'expect is missing: say what fires, and when; [] says that nothing ever does');
  const series = read('input_series', seriesUnder(rules));
  const expect = read('expect', expectations(rules));
  if (name === undefined || series === undefined || expect === undefined) return null;
  const place = problems.placeOf(entries.get('name')?.value ?? node);
  return { name, interval: read('interval', length) ?? interval, series, expect, place };
}
