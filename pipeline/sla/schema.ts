import type { JsonSchema } from '../../platform/codec/json-schema.js';
import { formatDuration } from '../model/durations.js';
import { absencePolicies, baselineMethods } from '../model/rule.js';
import { METRIC } from './checks.js';
import {
  CONDITION,
  DURATION,
  INDICATOR,
  LABEL,
  LENGTH,
  MATCHERS_ALONE,
  MEASURE,
  OBJECTIVE,
  SELECTOR,
  whole,
} from './schema-patterns.js';
import { initial, severities } from './settings.js';

const text = (description: string, pattern: string, more: JsonSchema = {}): JsonSchema => ({
  description,
  type: 'string',
  pattern,
  ...more,
});

/** A number stands for its digits, as the compiler reads it. */
const anyText = (description: string): JsonSchema => ({ description, type: ['string', 'number'] });

const duration = (description: string, ms?: number): JsonSchema => ({
  description,
  anyOf: [{ type: 'string', pattern: DURATION }, { const: 0 }],
  ...(ms === undefined ? {} : { default: formatDuration(ms) }),
});

const length = (description: string, ms?: number): JsonSchema =>
  text(description, LENGTH, ms === undefined ? {} : { default: formatDuration(ms) });

const count = (description: string, least: number, more: JsonSchema = {}): JsonSchema => ({
  description,
  type: 'integer',
  minimum: least,
  maximum: Number.MAX_SAFE_INTEGER,
  ...more,
});

const flag = (description: string, usual: boolean): JsonSchema => ({
  description,
  type: 'boolean',
  default: usual,
});

const choice = (description: string, known: readonly string[], usual: string): JsonSchema => ({
  description,
  enum: known,
  default: usual,
});

const list = (description: string, items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  description,
  type: 'array',
  items,
  ...more,
});

/** A mapping of these keys alone. */
const mapping = (description: string, properties: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  description,
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

const conditions = (description: string): JsonSchema => ({
  description,
  anyOf: [
    { $ref: '#/$defs/condition' },
    { type: 'array', minItems: 1, items: { $ref: '#/$defs/condition' } },
  ],
});

const session: JsonSchema = mapping(
  'sessions: over after so long without requests, or so long in all',
  {
    session: length('how long no request must come for a session to be over'),
    max: length('how long a session lasts at most', 3_600_000),
    every: length('the unit that sessions are made of', 30_000),
  },
  { required: ['session'] },
);

const baseline: JsonSchema = mapping('what is usual: the windows before', {
  method: choice('how several windows make one value', baselineMethods, initial.baseline.method),
  offset: duration('how long ago: the same time 1d or 1w ago; 0 is right before', initial.baseline.offset),
  windows: count('how many windows before are candidates', 1, { default: initial.baseline.windows }),
  min_windows: count('how many of them must count; half of windows unless it is said', 1),
  freeze: flag('whether the value is held while the rule is broken', initial.baseline.freeze),
  max_age: duration('how long it is held', initial.baseline.maxAge),
});

/** A number that a text may hold, too. */
const above0: JsonSchema = {
  anyOf: [
    { type: 'number', exclusiveMinimum: 0 },
    { type: 'string', pattern: '\\d' },
  ],
};

const severity = { enum: severities };

const objective: JsonSchema = {
  objective: {
    description: 'in place of when: the share of good requests that is promised',
    anyOf: [
      { type: 'string', pattern: OBJECTIVE },
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    ],
    examples: ['99.9%'],
  },
  burn_rate: list(
    'both windows burn so many times as fast as the budget of the objective allows',
    mapping(
      'a rate',
      {
        long: length('the window that decides'),
        short: length('the window that says whether it still burns'),
        factor: { description: 'how many times as fast', ...above0 },
        severity: { description: 'how bad that is; that of the rule unless it is said', ...severity },
      },
      { required: ['long', 'short', 'factor'] },
    ),
    { minItems: 1 },
  ),
  sli: text('what a good request is; without, one that is no error', INDICATOR, {
    examples: ['latency < 300ms'],
  }),
};

/** What a rule and `defaults` may say. */
const settings: JsonSchema = {
  errors: text('matchers of the requests that count as errors', MATCHERS_ALONE, {
    default: '{status=~"5.."}',
  }),
  by: list('labels that make a group', text('a label', whole(LABEL)), { default: initial.by }),
  window: {
    description: 'window length, or sessions',
    anyOf: [length('window length'), session],
    default: formatDuration(initial.window.window),
  },
  every: length('a window ends each so often, over the window before'),
  grace: duration('how long a window waits for late data', initial.grace),
  baseline,
  context: list('measures to report beside', text('a measure', MEASURE), { default: [] }),
  min_requests: count('fewer requests (samples of a gauge) decide nothing', 0, {
    default: initial.minRequests,
  }),
  for: duration('how long it must hold before it fires', initial.for),
  keep_firing_for: duration('how long it lingers', initial.keepFiringFor),
  no_data: choice('what silence is to the rule', absencePolicies, initial.noData),
  no_data_for: duration('how long an alert stays that can no longer be judged', initial.noDataFor),
  severity: choice('how bad it is', severities, initial.severity),
  labels: {
    description: 'what the alert carries beside its group',
    type: 'object',
    propertyNames: { pattern: `^${LABEL}$`, not: { enum: ['alertname', 'severity'] } },
    additionalProperties: anyText('value of the label'),
  },
};

const rule: JsonSchema = mapping(
  'one rule',
  {
    alert: text('name, in CamelCase', '^[A-Z][A-Za-z0-9]*$'),
    match: text('series selector as in PromQL; may name a metric', SELECTOR, { default: METRIC }),
    when: conditions('when the rule is broken: a condition, or a list of them that must all hold'),
    clear: conditions('what must hold for an alert to be over; unless it is said, that when does not'),
    ...objective,
    annotations: mapping('texts; {{ $value }} and {{ $labels.NAME }} are filled in', {
      summary: anyText('what is wrong, in one line'),
      description: anyText('what it means'),
      runbook_url: anyText('what to do about it'),
    }),
    ...settings,
  },
  { required: ['alert'], anyOf: [{ required: ['when'] }, { required: ['objective'] }] },
);

/** The JSON Schema (2020-12) of a rule file: what an editor can see. The compiler sees more. */
export const ruleFileSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Tidemark rules',
  ...mapping(
    'SLA rules of Tidemark',
    {
      version: { description: 'of the format', enum: [1, '1'] },
      jitter: flag('for targets that are two servers behind one address, whose counters disagree', false),
      defaults: mapping('what every rule takes that says nothing else', settings),
      slas: list('the rules', rule),
    },
    { required: ['version', 'slas'] },
  ),
  $defs: {
    condition: text(
      'MEASURE OP (NUMBER UNIT or FACTOR * baseline); of a median also + MADS * mad',
      CONDITION,
      {
        examples: ['mean_latency > 300ms', 'error_ratio > 2%', 'mean_latency > 1.2 * baseline'],
      },
    ),
  },
};

/** As `schemas/sla.schema.json` has it. */
export const ruleFileSchemaText = (): string => `${JSON.stringify(ruleFileSchema, null, 2)}\n`;
