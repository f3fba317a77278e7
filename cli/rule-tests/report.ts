import type { RuleTests } from './rule-test.js';
import type { Failure, Outcome } from './run.js';

/** What came of the tests of a file. */
export interface FileOutcome {
  readonly file: string;
  readonly outcomes: readonly Outcome[];
}

const hasFailed = ({ failures }: Outcome): boolean => failures.length > 0;

export const failed = (files: readonly FileOutcome[]): number =>
  files.flatMap(({ outcomes }) => outcomes).filter(hasFailed).length;

const placed = (file: RuleTests['file'], { place: { line, column } }: Pick<Failure, 'place'>): string =>
  `${file}:${line}:${column}`;

const lines = (file: string, failure: Failure): readonly string[] => [
  `${placed(file, failure)} ${failure.expected}`,
  `  got: ${failure.got}`,
];

/** Each test as a line, with what is wrong below it. */
export function report(files: readonly FileOutcome[]): readonly string[] {
  const all = files.flatMap(({ file, outcomes }) => outcomes.map((outcome) => ({ file, outcome })));
  const told = all.flatMap(({ file, outcome }) => [
    `${hasFailed(outcome) ? 'FAIL' : 'ok  '} ${placed(file, outcome.test)} ${outcome.test.name}`,
    ...outcome.failures.flatMap((failure) => lines(file, failure)).map((line) => `  ${line}`),
    ...unused(outcome),
  ]);
  const passed = all.length - failed(files);
  return [...told, `${passed} passed, ${failed(files)} failed`];
}

/** What the rules did not see of what the test gives. */
function unused({ unused }: Outcome): readonly string[] {
  const counts = Object.entries(unused).map(([name, count]) => `${count} ${name}`);
  return counts.length === 0 ? [] : [`  samples that did not, or not wholly, count: ${counts.join(', ')}`];
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** What XML cannot hold at all is left out. */
const xml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"]/g, (char) => entities[char] ?? char);

/** The same as JUnit's XML, which CI servers read. */
export function junit(files: readonly FileOutcome[]): string {
  const suites = files.map(({ file, outcomes }) => {
    const cases = outcomes.map((outcome) => {
      const head = `    <testcase classname="${xml(file)}" name="${xml(outcome.test.name)}"`;
      if (!hasFailed(outcome)) return `${head}/>`;
      const texts = outcome.failures.flatMap((failure) => lines(file, failure)).join('\n');
      const first = xml(outcome.failures[0]?.expected ?? '');
      return `${head}>\n      <failure message="${first}">${xml(texts)}</failure>\n    </testcase>`;
    });
    const counts = `tests="${outcomes.length}" failures="${outcomes.filter(hasFailed).length}"`;
    return [`  <testsuite name="${xml(file)}" ${counts}>`, ...cases, '  </testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join(
    '\n',
  );
}
