import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { compileRules } from './compile.js';
import { Problems } from './document.js';
import { ruleFileSchema, ruleFileSchemaText } from './schema.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(ruleFileSchema);
const folder = new URL('./testdata/', import.meta.url);
const readme = readFileSync('README.md', 'utf8');

/** As much of a schema as the walk to its keys takes. */
interface Part {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
}

/** Keys that may stand at a place of the schema, as `slas.baseline`. */
function keysAt(path: string): readonly string[] {
  let at: Part = ruleFileSchema;
  for (const step of path.split('.').filter(Boolean)) {
    const found: Part = at.properties?.[step] ?? {};
    at = found.items ?? found.anyOf?.find(({ type }) => type === 'object') ?? found;
  }
  return Object.keys(at.properties ?? {}).sort();
}

const everything = `version: 1
defaults: { baseline: {} }
slas:
  - { alert: A, when: mean_latency > 1s, baseline: {}, annotations: {} }
  - { alert: C, objective: 99.9%, burn_rate: [{ long: 1h, short: 5m, factor: 14.4 }] }
  - { alert: B, when: mean_latency > 1s, window: { session: 1m } }
`;

/** Keys that the compiler takes, by what it calls the mapping. */
function keysTaken(text: string): ReadonlyMap<string, readonly string[]> {
  const taken = new Map<string, readonly string[]>();
  const entries = Problems.prototype.entries;
  vi.spyOn(Problems.prototype, 'entries').mockImplementation(function (this: Problems, node, known, what) {
    taken.set(what, known.toSorted());
    return entries.call(this, node, known, what);
  });
  expect(compileRules({ file: 'sla.yaml', text })).toHaveProperty('rules');
  return taken;
}

describe('the schema of a rule file', () => {
  afterEach(() => vi.restoreAllMocks());

  test('has the keys that the compiler takes, and no other', () => {
    const places = {
      'the file': '',
      defaults: 'defaults',
      'a rule': 'slas',
      baseline: 'slas.baseline',
      annotations: 'slas.annotations',
      burn_rate: 'slas.burn_rate',
      window: 'slas.window',
    };
    expect(Object.fromEntries(keysTaken(everything))).toEqual(
      Object.fromEntries(Object.entries(places).map(([what, path]) => [what, keysAt(path)])),
    );
  });

  test('has the keys that the README tells of, and no other', () => {
    const [, table = ''] = /\| key \| meaning \| default \|\n[|-]+\n((?:\|.*\n)+)/.exec(readme) ?? [];
    const told = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, key]) => key),
    );
    expect(told.sort()).toEqual(keysAt('slas'));
  });

  test('is checked in as the command prints it', async () => {
    await expect(ruleFileSchemaText()).toMatchFileSnapshot('../../schemas/sla.schema.json');
  });

  test('takes what the compiler takes', () => {
    const own = ['sla.yaml', 'demo.yaml', 'examples/checkout.yaml'].map((file) => readFileSync(file, 'utf8'));
    const shown = [...readme.matchAll(/```yaml\n(version: 1\n.*?)```/gs)].map(([, text]) => text ?? '');
    const more = [
      ['for: 0', 'for: 1h30m', 'grace: 500ms', 'min_requests: 0', 'labels: { tier: 1, team: a }'],
      ['match: a_total', "match: 'a:b{}'", `match: '{a="x",b=~"y|z",}'`, 'match: "a{x!=\'1\', y!~`\\\\d`}"'],
      ['context: [p999_latency, "ratio( latency<0.5s )"]', 'annotations: { summary: 5 }', 'every: 10s'],
      ['baseline: { method: median, offset: 1d, windows: 3 }', 'baseline: { offset: 0 }'],
      ['clear: [mean_latency < 1s, p99_latency<1m30s]', 'errors: "{}"', 'by: []', 'severity: info'],
    ].flat();
    const rules = more.map(
      (line) => `version: 1\nslas:\n  - alert: A\n    when: p99_latency > 2s\n    ${line}\n`,
    );
    const conditions = [
      ...[
        'mean_latency>.5s',
        'request_rate == 0',
        'request_rate <= 6e1/m',
        'error_ratio > 0.02',
        'p50_latency > 2 m',
      ],
      ...[
        'ratio(latency < 300ms) < 99.9 %',
        'request_count < 10',
        'mean_latency > baseline',
        'error_ratio > 2%',
      ],
      ...['p99_latency >= 1.5e1 * baseline'],
    ].map((when) => `version: "1"\nslas: [{ alert: A, when: '${when}' }]`);
    const median = ['baseline+mad', '1.5 * baseline - 3*mad'].map(
      (to) => `version: 1\nslas: [{ alert: A, when: mean_latency > ${to}, baseline: { method: median } }]`,
    );
    const objectives = [
      'objective: 99.9%, sli: latency < 300ms',
      'objective: 0.95, burn_rate: [{ long: 2h, short: 10m, factor: "2" }]',
    ].map((promise) => `version: 1\nslas: [{ alert: A, ${promise} }]`);
    for (const text of [...objectives, ...median, ...own, ...shown, ...rules, ...conditions]) {
      expect(compileRules({ file: 'sla.yaml', text }), text).toHaveProperty('rules');
      expect([validate(parse(text)), text, validate.errors]).toEqual([true, text, null]);
    }
  });

  test('refuses nearly every defect that one mapping or text has by itself', () => {
    const unseen = readdirSync(folder).filter((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8');
      // What is no YAML never gets as far.
      return !/^(yaml|file)-/.test(file) && validate(parse(text, { strict: false, logLevel: 'silent' }));
    });
    expect(unseen.map((file) => file.replace(/\.yaml$/, ''))).toMatchInlineSnapshot(`
      [
        "baseline-min-windows-of-defaults",
        "baseline-min-windows-told-once",
        "baseline-min-windows",
        "baseline-offset-short",
        "baseline-offset-too-many",
        "duration-too-long",
        "every-beside-session",
        "every-divides-not",
        "every-in-defaults",
        "every-longer",
        "every-of-days",
        "every-of-defaults",
        "every-of-hours",
        "every-over-session",
        "gauge-and-counter",
        "gauge-context",
        "gauge-errors",
        "gauge-in-context",
        "gauge-of-counter",
        "gauge-without-match",
        "gauge-without-metric",
        "match-bad-regex",
        "match-regex-flags",
        "match-regex-leaves-anchors",
        "match-unknown-escape",
        "no-data-alert-session",
        "objective-half",
        "session-default-max",
        "session-multiples",
        "template-function",
        "template-not-closed",
        "template-unknown",
        "throughput-in-context",
        "throughput-of-counter",
        "throughput-without-match",
        "throughput-without-metric",
        "version-1.0",
        "when-factor-no-number",
        "when-factor-zero",
        "when-number-too-great",
        "when-quantile-of-all",
        "when-quantile-of-none",
        "when-share-above-all",
        "window-of-days",
        "window-of-hours",
      ]
    `);
  });
});
