import { formatDuration } from '../model/durations.js';
import type { Matcher } from '../model/matcher.js';
import { escapeValue } from '../model/text.js';
import { compileRules } from '../sla/compile.js';
import { parseDuration } from '../sla/duration.js';
import { type Broken, brokenBy } from './conditions.js';
import { type Expression, Unconvertible } from './expression.js';
import type { PrometheusRule } from './prometheus-rules.js';
import { labelsIn, nameFor, severityFor, templateOf } from './texts.js';

/** A rule as a rule file says it, by its keys; what is not quite the same besides. */
export interface Draft {
  readonly rule: Readonly<Record<string, unknown>> & { readonly alert: string };
  readonly notes: readonly string[];
}

/** Of what looks at one moment: long enough for a scrape to be in it, ms. */
const MOMENT_MS = 60_000;
const USUAL_EVERY_MS = 30_000;
/** What every series of a target has. */
const ofTarget = ['job', 'instance'];

/** The rule that an alert of Prometheus becomes; throws `Unconvertible`. */
export function draftOf(alert: PrometheusRule, expression: Expression, taken: ReadonlySet<string>): Draft {
  const notes: string[] = [];
  const noted = <T>({ value, notes: more }: { value: T; notes: readonly string[] }): T => {
    notes.push(...more);
    return value;
  };
  const broken = brokenBy(expression);
  notes.push(...broken.notes);
  const severity = noted(severityFor(alert.labels.severity));
  const name = noted(nameFor(alert.name, severity, taken));
  const by = noted(groupOf(broken, alert));
  const window = broken.window ?? Math.max(MOMENT_MS, lengthOf(alert.interval) ?? 0);
  const every = broken.window === null ? null : noted(everyFor(window, lengthOf(alert.interval)));
  const labels = noted(labelsOf(alert));
  const annotations = noted(annotationsOf(alert, { unit: broken.unit, by }));
  const rule = {
    alert: name,
    match: `${broken.metric}${broken.matchers.length === 0 ? '' : selectorOf(broken.matchers)}`,
    ...(broken.errors === null ? {} : { errors: selectorOf(broken.errors) }),
    by,
    window: formatDuration(window),
    ...(every === null ? {} : { every: formatDuration(every) }),
    when: broken.when.length === 1 ? broken.when[0] : broken.when,
    ...duration('for', alert.for),
    ...duration('keep_firing_for', alert.keepFiringFor),
    ...(broken.absent ? { no_data: 'alert' } : {}),
    severity,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  return { rule, notes };
}

function lengthOf(text: string | null): number | null {
  if (text === null) return null;
  try {
    return parseDuration(text);
  } catch {
    throw new Unconvertible(0, `interval: "${text}" is no duration`);
  }
}

function duration(key: string, text: string | null): Readonly<Record<string, string>> {
  return text === null || /^0[a-z]*$/.test(text) ? {} : { [key]: text };
}

/** Where PromQL keeps every label, those that the alert speaks of. */
function groupOf(
  { by, matchers }: Broken,
  { annotations }: PrometheusRule,
): { value: readonly string[]; notes: readonly string[] } {
  if (by !== null) return { value: by, notes: [] };
  const named = [...matchers.map(({ label }) => label), ...labelsIn(Object.values(annotations))];
  const value = [...new Set([...ofTarget, ...named])].filter((label) => label !== 'le');
  return {
    value,
    notes: [
      `PromQL tells series apart by every label, here it is by ${value.join(', ')}: add what is missing`,
    ],
  };
}

/** How often a window ends: as often as the group is evaluated, where windows may be put together so. */
function everyFor(
  window: number,
  interval: number | null,
): { value: number | null; notes: readonly string[] } {
  const wanted = interval ?? USUAL_EVERY_MS;
  if (wanted >= window) return { value: null, notes: [] };
  const value = [wanted, divisor(wanted, window), USUAL_EVERY_MS, 60_000, 300_000, 3_600_000].find(
    (every) => every < window && isPossible(window, every),
  );
  const notes =
    value === wanted
      ? []
      : [`a window of ${formatDuration(window)} cannot end each ${formatDuration(wanted)}`];
  return { value: value ?? null, notes };
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

const isPossible = (window: number, every: number): boolean =>
  'rules' in
  compileRules({
    file: '',
    text: `version: 1\nslas: [{ alert: A, when: request_rate > 0, window: ${window}ms, every: ${every}ms }]`,
  });

function labelsOf({ labels }: PrometheusRule): {
  value: Readonly<Record<string, string>>;
  notes: readonly string[];
} {
  const own = Object.entries(labels).filter(([name]) => name !== 'severity');
  const fixed = own.filter(([, text]) => !text.includes('{{'));
  const notes = own
    .filter(([, text]) => text.includes('{{'))
    .map(([name]) => `label ${name} is left out: labels are no templates`);
  return { value: Object.fromEntries(fixed), notes };
}

const annotationNames: Readonly<Record<string, string>> = {
  summary: 'summary',
  description: 'description',
  message: 'description',
  runbook_url: 'runbook_url',
  runbook: 'runbook_url',
};

function annotationsOf(
  { annotations }: PrometheusRule,
  context: Parameters<typeof templateOf>[1],
): { value: Readonly<Record<string, string>>; notes: readonly string[] } {
  const notes: string[] = [];
  const texts = new Map<string, string>();
  for (const [told, text] of Object.entries(annotations)) {
    const name = annotationNames[told];
    const isTwice = name !== undefined && name !== told && name in annotations;
    const { value, notes: more } = templateOf(text, context);
    notes.push(...more.map((note) => `annotation ${told}: ${note}`));
    if (name === undefined || isTwice)
      notes.push(`annotation ${told} is left out: there are summary, description and runbook_url`);
    else if (value !== null) texts.set(name, value);
  }
  return { value: Object.fromEntries(texts), notes };
}

const selectorOf = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(({ label, operator, value }) => `${label}${operator}"${escapeValue(value)}"`).join(',')}}`;
