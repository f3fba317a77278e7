import type { JsonSchema } from '../../platform/codec/json-schema.js';
import { absencePolicies, baselineMethods, operators } from '../model/rule.js';
import { severities } from './query.js';
import { count, duration, instant, listOf, number, object, orNull, text, texts } from './schema-parts.js';

export const counts = {
  firing: count('Alerts that are firing.'),
  pending: count('Alerts that are pending.'),
};

export const methodFields = {
  method: { type: 'string', enum: baselineMethods },
  offset: duration('How long before the end of the window the last one before it ends; 0: right before'),
} as const;

/** What is told of rules. */
export const ruleAnswers = {
  Condition: object('When a rule holds.', {
    measure: text('What is measured.'),
    operator: { type: 'string', enum: operators },
    threshold: {
      oneOf: [
        object('A number.', {
          kind: { const: 'fixed' },
          value: number('In the unit of the measure: s, 1/s, B/s or a share.'),
        }),
        object('A multiple of the baseline.', {
          kind: { const: 'baseline' },
          factor: number('Of the baseline: the mean or the median of the windows before.'),
          mads: number('Median absolute deviations away from that; 0 for none.'),
        }),
      ],
    },
  }),
  Objective: object('Which share of the requests is to be good, and how fast its budget may burn.', {
    target: number('The share, between 0 and 1.'),
    sli: orNull(text('The share that is good; null: that which is no error.')),
    rates: listOf(
      object('It burns too fast where both windows do, for any of these.', {
        long: duration('Length of the long window'),
        short: duration('Length of the short window'),
        factor: number('So many times as fast as the budget allows.'),
      }),
    ),
  }),
  RuleStatus: object('A rule, all defaults applied, and how it stands with it.', {
    name: text('Unique: that of its alert, of an objective with the severity behind it.'),
    alert: text('Name of its alerts.'),
    severity: { type: 'string', enum: severities },
    condition: { $ref: '#/components/schemas/Condition' },
    also: { ...listOf({ $ref: '#/components/schemas/Condition' }), description: 'What must hold besides.' },
    clear: {
      anyOf: [listOf({ $ref: '#/components/schemas/Condition' }), { type: 'null' }],
      description: 'What must all hold for it to be over; null: that the conditions do not.',
    },
    objective: {
      anyOf: [{ $ref: '#/components/schemas/Objective' }, { type: 'null' }],
      description: 'What is judged in place of conditions; null for a rule that has them.',
    },
    baseline: object('How its baseline comes about, where a condition or the context has one.', {
      ...methodFields,
      windows: count('How many windows before are candidates.'),
    }),
    noData: { type: 'string', enum: absencePolicies, description: 'What becomes of it without data.' },
    noDataFor: duration('How long it stays as it is where it cannot be judged'),
    for: duration('How long the condition must hold'),
    keepFiringFor: duration('How long it goes on firing'),
    minRequests: number('Fewer requests decide nothing.'),
    window: duration('Length of a window, of sessions the longest'),
    every: duration('How far apart the ends of windows may lie'),
    session: orNull(
      object('Of sessions, how they end; null for other windows.', {
        gap: duration('After so long without requests'),
        max: duration('At the latest so long after the start'),
      }),
    ),
    by: listOf({ type: 'string' }),
    selection: text('Id of what it selects, as `selection` of windows and groups takes it.'),
    selects: text('What it selects, in canonical form.'),
    annotations: texts('Templates of the texts that its alerts carry.'),
    file: text('Path as configured.'),
    line: count('Line of its `alert` key, from 1.'),
    revision: text('Of the rule file.'),
    groups: count(
      'Groups that had a window within the last hour of event time; one without watches nothing.',
    ),
    ...counts,
    evaluatedTo: orNull(instant('End of the newest window that has closed')),
  }),
} as const satisfies Readonly<Record<string, JsonSchema>>;
