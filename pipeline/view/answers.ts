import { type JsonSchema, jsonSchemas } from '../../platform/codec/json-schema.js';
import { schemaOf } from '../../schemas/index.js';
import { counts, methodFields, ruleAnswers } from './rule-answers.js';
import { count, instant, listOf, number, object, orNull, text, texts } from './schema-parts.js';
import { statsAnswers } from './stats-answers.js';

export const ref = (name: ComponentName): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** One of a stream of server-sent events: its fields, of which `data` is JSON. */
const event = (record: 'AlertRecord' | 'WindowRecord'): JsonSchema =>
  object('A server-sent event.', {
    id: { ...text('Where the stream goes on behind it: opaque, for `Last-Event-ID`.'), pattern: '^[0-9.]+$' },
    data: {
      ...{ type: 'string', contentMediaType: 'application/json' },
      contentSchema: { $ref: `#/components/schemas/${record}` },
    },
  });

/** What is answered and is no record: those are made of their Avro schemas. */
const answers = {
  Problem: object('What went wrong (RFC 9457).', {
    type: text('`about:blank`: `title` says what the status means.'),
    title: text('Name of the status.'),
    status: { type: 'integer', description: 'The status of the answer.' },
    detail: text('What is wrong, where, and the way out.'),
  }),
  AlertEvent: event('AlertRecord'),
  WindowEvent: event('WindowRecord'),
  HistoryPage: object('Transitions of the past.', {
    transitions: {
      ...listOf({ $ref: '#/components/schemas/AlertRecord' }),
      description:
        'The newest first. It may be empty, where a filter takes long to match, and `next` not null.',
    },
    next: orNull(text('Cursor of the page behind; null at the end.')),
  }),
  Group: object('A group that had a window within the last hour of event time.', {
    text: text('Its text, as `group` of the windows takes it.'),
    labels: texts('Its labels.'),
  }),
  ...ruleAnswers,
  ...statsAnswers,
  SourceProgress: object('How far a source has come.', {
    source: text('Its name.'),
    watermark: instant('Up to which it has brought everything'),
  }),
  TargetStatus: object('How a target was when its source told of it last.', {
    source: text('Name of the source.'),
    job: text('Its label `job`.'),
    instance: text('Its label `instance`.'),
    up: { type: 'boolean', description: 'Whether it answered the last scrape.' },
    lastScrape: orNull(instant('Its last good scrape; null where there was none since the source began')),
    problem: orNull(text('Why the last scrape failed; null where it did not.')),
    at: instant('When the source told'),
  }),
  Status: object('How far all has come.', {
    now: instant('The clock of the view'),
    sources: listOf({ $ref: '#/components/schemas/SourceProgress' }),
    targets: listOf({ $ref: '#/components/schemas/TargetStatus' }),
    scrapedTo: orNull(instant('The newest watermark of a source')),
    evaluatedTo: orNull(instant('End of the newest window that has closed')),
    rules: orNull(
      object('The rules that are in use; null before the first.', {
        file: text('Path as configured.'),
        revision: text('First 12 hex digits of SHA-256 of the file.'),
        count: count('How many rules are in it.'),
        problem: orNull(
          text('Why the file that came since cannot be taken up, a line each; null where there is none.'),
        ),
      }),
    ),
    alerts: object('How many alerts there are.', counts),
  }),
  LookedAt: object('A window that the decision looked back at.', {
    start: instant('First instant'),
    end: instant('First instant after it'),
    value: orNull(number('The measure; null where it cannot be told.')),
    requests: number('What it rests on.'),
    counted: { type: 'boolean', description: 'Whether it counts in the baseline.' },
  }),
  Recomputed: object('The decision, made again from the windows in the log.', {
    value: orNull(number('The measure of its window.')),
    threshold: orNull(number('What it is compared with.')),
    conditions: {
      ...listOf({ $ref: '#/components/schemas/ConditionResult' }),
      description: 'All of several, as in the record.',
    },
    baseline: orNull(number('The measure over the windows before, of the first condition that compares.')),
    windows: orNull(count('How many of them count.')),
    lookedAt: listOf({ $ref: '#/components/schemas/LookedAt' }),
    differs: {
      ...listOf({ type: 'string' }),
      description: 'The numbers of the record that are others; empty where all come out the same.',
    },
    partly: orNull(
      text('What was taken from the record, as the log does not have it; null where nothing was.'),
    ),
  }),
  Comparison: object('How a condition compares with a baseline: the first that does.', {
    measure: text('What is compared.'),
    factor: number('Of the baseline.'),
    mads: number('Median absolute deviations away from that; 0 for none.'),
    ...methodFields,
    threshold: orNull(number('What it came to in the record.')),
  }),
  Explanation: object('All that a decision used.', {
    alert: { $ref: '#/components/schemas/AlertRecord' },
    rule: orNull(text("The rule's own lines as they were then; null where they are not known any more.")),
    transitions: {
      ...listOf({ $ref: '#/components/schemas/AlertRecord' }),
      description: 'Of the same alert, the oldest first.',
    },
    window: {
      anyOf: [{ $ref: '#/components/schemas/WindowRecord' }, { type: 'null' }],
      description: 'What decided; null where it had no data, or is not in the log any more.',
    },
    recomputed: { anyOf: [{ $ref: '#/components/schemas/Recomputed' }, { type: 'null' }] },
    compares: { anyOf: [{ $ref: '#/components/schemas/Comparison' }, { type: 'null' }] },
    unknown: orNull(text('Why it cannot be made again; null where it was.')),
  }),
  Sparkline: {
    type: 'array',
    description:
      'Windows of a group, the oldest first, each with its end (ms since the epoch) and the measure.',
    items: {
      type: 'array',
      prefixItems: [{ type: 'integer' }, { type: ['number', 'null'] }],
      items: false,
      minItems: 2,
    },
  },
  Silence: object('What somebody knows of all alerts with such labels, for a time.', {
    id: text('For `DELETE /silences/{id}`.'),
    matchers: listOf(
      object('A matcher of a label; an absent label is empty.', {
        label: text('The name of the label.'),
        operator: { type: 'string', enum: ['=', '!=', '=~', '!~'] },
        value: text('What it is compared with; an anchored regular expression with `=~` and `!~`.'),
      }),
    ),
    match: text('Its matchers as a selector.'),
    by: text('Who said it.'),
    why: text('What they know.'),
    from: instant('When it begins'),
    until: instant('When it ends'),
    state: { type: 'string', enum: ['pending', 'active', 'expired'] },
  }),
  SilenceRequest: {
    ...object('A silence that is asked for.', {
      match: text('A selector over labels, not of every alert; a name before it is that of the alert.'),
      by: text('Who you are: at most 100 characters.'),
      why: text('What you know: at most 1000 characters.'),
      until: text('When it ends: a duration after its begin, or a time with a zone.'),
      from: text('When it begins: a duration from now, or a time with a zone; now where it is absent.'),
    }),
    required: ['match', 'by', 'why', 'until'],
  },
  Acknowledgement: object('Somebody has taken up an alert, while it is pending or firing.', {
    fingerprint: text('Of the alert.'),
    startsAt: instant('That of the alert'),
    by: text('Who said it.'),
    why: text('What they know.'),
    at: instant('When it was said'),
    until: orNull(instant('When it ends, if the alert has not')),
  }),
  AcknowledgementRequest: {
    ...object('What is said of an alert.', {
      by: text('Who you are: at most 100 characters.'),
      why: text('What you know: at most 1000 characters.'),
      until: text(
        'When it ends: a duration from now, or a time with a zone; with the alert where it is absent.',
      ),
      startsAt: instant('That of the alert that is meant: refused where another is active'),
    }),
    required: ['by', 'why'],
  },
  Marks: {
    ...object('What is in effect on an alert.', {
      silencedBy: listOf(text('The id of a silence.')),
      acknowledgedBy: text('Who has acknowledged it.'),
      inhibitedBy: listOf(text('The fingerprint of an alert of the same, of greater severity, that fires.')),
    }),
    required: [],
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;

const records = ['AlertRecord', 'WindowRecord', 'RulesRevision'] as const;

export type ComponentName = keyof typeof answers | (typeof records)[number];

/** The component schemas of the document. */
export const components: Readonly<Record<string, JsonSchema>> = {
  ...Object.fromEntries(records.flatMap((name) => [...jsonSchemas(schemaOf(name))])),
  ...answers,
};
