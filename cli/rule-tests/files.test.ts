import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/tidemark.js';
import { UsageError } from '../usage-error.js';
import { readTestFiles, runTestFiles } from './files.js';
import { failed, junit, report } from './report.js';

const example = 'examples/checkout.test.yaml';

test('the tests that come with Tidemark pass', () => {
  const outcomes = runTestFiles(readTestFiles([example]), '');
  expect(report(outcomes).at(-1)).toBe('5 passed, 0 failed');
  expect(failed(outcomes)).toBe(0);
});

test('the tests of the docs pass, with the rules beside them', () => {
  using folder = temporaryFolder();
  const blocks = readFileSync('docs/rules.md', 'utf8').matchAll(/```yaml\n# (\S+\.yaml)\n(.*?)```/gs);
  const files = [...blocks].map(([, name = '', text = '']) => {
    writeFileSync(join(folder.path, name), text);
    return name;
  });
  expect(files).toEqual(['sla.yaml', 'sla.test.yaml']);
  const outcomes = runTestFiles(readTestFiles([join(folder.path, 'sla.test.yaml')]), '');
  expect(report(outcomes).slice(1)).toEqual(['1 passed, 0 failed']);
});

test('the tests that the README shows pass, with the rules that it shows first', () => {
  using folder = temporaryFolder();
  const [rules, tests] = [/```yaml\n(version: 1\n.*?)```/s, /```yaml\n# sla\.test\.yaml.*?\n(.*?)```/s].map(
    (block) => block.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '',
  );
  writeFileSync(join(folder.path, 'my.yaml'), rules ?? '');
  writeFileSync(join(folder.path, 'sla.test.yaml'), tests ?? '');
  const outcomes = runTestFiles(readTestFiles([join(folder.path, 'sla.test.yaml')]), '');
  expect(report(outcomes).slice(1)).toEqual(['1 passed, 0 failed']);
});

const broken = `rule_files: [sla.yaml]
interval: 15s
tests:
  - name: a "test" & <more>
    input_series: [{ series: 'jobs{a="b"}', values: 95x4 }]
    expect: []
  - name: another
    input_series: []
    expect: []
`;
const sla = 'version: 1\nslas: [{ alert: Full, match: jobs, by: [a], when: max > 90 }]\n';

test('results are XML for CI servers too, and can be chosen by name', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'sla.test.yaml');
  writeFileSync(file, broken);
  writeFileSync(join(folder.path, 'sla.yaml'), sla);
  const read = readTestFiles([file]);
  const all = runTestFiles(read, '');
  expect(report(all).map((line) => line.replaceAll(file, 'F'))).toEqual([
    'FAIL F:4:11 a "test" & <more>',
    '  F:4:11 expected nothing to fire at any time that expect does not name',
    '    got: Full{a="b"} firing, 95 > 90, since 30s, to the end',
    'ok   F:7:11 another',
    '1 passed, 1 failed',
  ]);
  expect(junit(all).replaceAll(file, 'F')).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="F" tests="2" failures="1">
    <testcase classname="F" name="a &quot;test&quot; &amp; &lt;more&gt;">
      <failure message="expected nothing to fire at any time that expect does not name">F:4:11 expected nothing to fire at any time that expect does not name
  got: Full{a=&quot;b&quot;} firing, 95 &gt; 90, since 30s, to the end</failure>
    </testcase>
    <testcase classname="F" name="another"/>
  </testsuite>
</testsuites>
`);
  expect(report(runTestFiles(read, 'another')).at(-1)).toBe('1 passed, 0 failed');
  expect(() => runTestFiles(read, 'other one')).toThrow('--match: no test has "other one" in its name');
});

test('every mistake in any file is told, those of rule files too', () => {
  using folder = temporaryFolder();
  const at = (name: string, text: string): string => {
    writeFileSync(join(folder.path, name), text);
    return join(folder.path, name);
  };
  at('sla.yaml', sla);
  at('wrong.yaml', 'version: 2\nslas: []\n');
  const files = [
    at(
      'a.test.yaml',
      `rule_files: [sla.yaml]
intervall: 15s
tests:
  - name: a
    input_series:
      - { series: 'job{a="b"}', values: 1 2 }
      - { series: 'jobs{a=~"b"}', values: 1x }
      - { series: 'jobs{a="b"}', requests: 1 2 }
      - { series: 'jobs{a="c"}', requests: 1, latency: 1s }
      - { series: 'jobs{a="c"}', values: 1, buckets: [1s] }
    expect:
      - { at: 2m, alerts: [{ alert: Ful }] }
      - { at: 2m, alerts: [{ alert: Full, value: 5s, labels: { as: a }, state: firin }] }
  - nam: b
`,
    ),
    at('b.test.yaml', 'rule_files: [wrong.yaml]\ntests: []\n'),
    at('c.test.yaml', '- a\n'),
    join(folder.path, 'd.test.yaml'),
  ];
  const told = (): string => {
    try {
      readTestFiles(files);
      return '';
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message.replaceAll(`${folder.path}/`, '');
    }
  };
  expect(told().split('\n')).toEqual([
    'a.test.yaml:2:1 unknown key "intervall", did you mean "interval"?',
    'a.test.yaml:6:19 no rule is about job, did you mean "jobs"?',
    'a.test.yaml:7:19 "a=~" is no label of a series: write =',
    'a.test.yaml:7:43 "1x" is no value: write it like 5, 5x4, 0+100x20, _, _x4 or stale',
    'a.test.yaml:8:9 requests have either a latency, like 120ms x10, or a size',
    'a.test.yaml:9:19 jobs is a gauge, by the rules: give its values',
    'a.test.yaml:10:9 latency, size and buckets are of requests: values have none',
    'a.test.yaml:12:37 there is no rule "Ful", did you mean "Full"?',
    `a.test.yaml:13:50 "5s" is no number: write it in the metric's own unit, like 100 or 1.5e9`,
    'a.test.yaml:13:64 Full has no label as, did you mean "a"?',
    'a.test.yaml:13:80 state must be one of pending, firing, did you mean "firing"?',
    'a.test.yaml:14:5 unknown key "nam", did you mean "name"?',
    'a.test.yaml:14:5 name is missing: say what the test shows',
    'a.test.yaml:14:5 input_series is missing: list the series that are scraped',
    'a.test.yaml:14:5 expect is missing: say what fires, and when; [] says that nothing ever does',
    'wrong.yaml:1:10 version must be 1',
    'c.test.yaml:1:1 the file must be a mapping',
    "d.test.yaml:1:1 cannot be read: ENOENT: no such file or directory, open 'd.test.yaml'",
  ]);
});
