import { formatDuration } from '../../pipeline/model/durations.js';
import { formatMeasure } from '../../pipeline/model/format.js';
import type { Measure } from '../../pipeline/model/measures.js';
import type { RuleSet } from '../../pipeline/model/rule.js';
import { groupText } from '../../pipeline/model/text.js';
import { type AlertRecord, createTopology } from '../testing.js';
import type { Expectation, ExpectedAlert, Place, RuleTest } from './rule-test.js';
import { scrapes } from './scrapes.js';

/** What is not as expected: one line that says it, and what there is instead. */
export interface Failure {
  readonly place: Place;
  readonly expected: string;
  readonly got: string;
}

export interface Outcome {
  readonly test: RuleTest;
  readonly failures: readonly Failure[];
  /** Samples that were not, or not wholly, used: how many of each class. */
  readonly unused: Readonly<Record<string, number>>;
}

/** An alert from a transition on; times are ms from the first scrape, the time at which it could be seen. */
interface Seen {
  readonly record: AlertRecord;
  readonly at: number;
}

/** Runs one test through the stages that run live, once for each rule file. */
export function runTest(test: RuleTest, rules: readonly RuleSet[]): Outcome {
  const seen: Seen[] = [];
  const unused: Record<string, number> = {};
  for (const { file, text } of rules) {
    const topology = createTopology({ sla: text, file });
    let known = 0;
    for (const at of scrapes(test, topology)) {
      const alerts = topology.alerts();
      for (const record of alerts.slice(known)) seen.push({ record, at });
      known = alerts.length;
    }
    for (const [name, count] of Object.entries(topology.account()))
      if (!used.has(name) && count > 0) unused[name] = (unused[name] ?? 0) + count;
  }
  const failures = test.expect.flatMap((one) => differences(one, activeAt(one.at, seen)));
  return { test, failures: [...failures, ...unforeseen(test, seen)], unused };
}

/** What happens to a sample that is taken, or that no rule is about. */
const used: ReadonlySet<string> = new Set(['aggregated', 'unselected']);

const isActive = ({ record: { state } }: Seen): boolean => state === 'pending' || state === 'firing';

/** Alerts that are pending or firing after all windows that had closed by then. */
function activeAt(at: number, seen: readonly Seen[]): readonly Seen[] {
  const last = new Map(seen.filter((one) => one.at <= at).map((one) => [one.record.fingerprint, one]));
  return [...last.values()].filter(isActive);
}

/** What is expected at a time and is not so, and what fires then and nobody expects. */
function differences({ at, alerts, place }: Expectation, active: readonly Seen[]): readonly Failure[] {
  const rest = new Set(active);
  const take = (is: (one: Seen) => boolean): Seen | undefined => {
    const found = [...rest].find(is);
    if (found) rest.delete(found);
    return found;
  };
  // Those that are as expected first, and of them those that say most, so that none is taken for another one.
  const labels = (expected: ExpectedAlert): number => Object.keys(expected.labels).length;
  const sorted = alerts.toSorted((a, b) => labels(b) - labels(a));
  const open = sorted.filter((expected) => !take((one) => isOf(expected, one) && agrees(expected, one)));
  const missed = open.map((expected) => ({
    place: expected.place,
    expected: `at ${formatDuration(at)}: expected ${said(expected)}`,
    got: described(take((one) => isOf(expected, one))),
  }));
  const extra = [...rest].filter(({ record }) => record.state === 'firing');
  return [
    ...missed,
    ...extra.map((one) => ({
      place,
      expected: `at ${formatDuration(at)}: expected nothing else to fire`,
      got: described(one),
    })),
  ];
}

const isOf = ({ alert, labels }: ExpectedAlert, { record }: Seen): boolean =>
  record.alert === alert && Object.entries(labels).every(([name, value]) => record.labels[name] === value);

const agrees = ({ state, value, annotations }: ExpectedAlert, { record }: Seen): boolean =>
  record.state === state &&
  (value === null || formatMeasure(record.measure as Measure, record.value) === value) &&
  Object.entries(annotations).every(([name, text]) => record.annotations[name] === text);

/** Alerts that fired, and were over again, at no time of which the test speaks. */
function unforeseen(test: RuleTest, seen: readonly Seen[]): readonly Failure[] {
  return seen.flatMap((one, i) => {
    if (one.record.state !== 'firing') return [];
    const over = seen.slice(i + 1).find(({ record }) => record.fingerprint === one.record.fingerprint);
    const told = test.expect.some(({ at }) => at >= one.at && (over === undefined || at < over.at));
    if (told) return [];
    const until = over === undefined ? 'to the end' : `until ${formatDuration(over.at)}`;
    return {
      place: test.place,
      expected: 'expected nothing to fire at any time that expect does not name',
      got: `${described(one)}, ${until}`,
    };
  });
}

/** The labels that tell alerts of a rule apart. */
function groupOf({ labels }: AlertRecord): string {
  const { alertname: _a, severity: _s, ...group } = labels;
  return groupText(group);
}

function said({ alert, labels, state, value, annotations }: ExpectedAlert): string {
  const texts = Object.entries(annotations).map(([name, text]) => `${name} ${JSON.stringify(text)}`);
  const group = Object.keys(labels).length === 0 ? '' : groupText(labels);
  return [`${alert}${group} ${state}`, ...(value === null ? [] : [value]), ...texts].join(', ');
}

function described(one: Seen | undefined): string {
  if (one === undefined) return 'nothing';
  const { alert, state, measure, operator, value, threshold, annotations } = one.record;
  const shown = (amount: number | null): string => formatMeasure(measure as Measure, amount);
  const against = threshold === null ? '' : ` ${operator} ${shown(threshold)}`;
  const texts = Object.entries(annotations).map(([name, text]) => `${name} ${JSON.stringify(text)}`);
  return [
    `${alert}${groupOf(one.record)} ${state}`,
    `${shown(value)}${against}`,
    ...texts,
    `since ${formatDuration(one.at)}`,
  ].join(', ');
}
