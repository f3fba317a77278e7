import type { Matcher } from '../model/matcher.js';
import { unitOf } from '../model/measures.js';
import { type Operator, operators } from '../model/rule.js';
import { type Expression, Unconvertible } from './expression.js';
import { measuredBy } from './measure.js';
import { constantOf, isSameSet, type Measured } from './measured.js';

/** What an alert's expression says, in terms of a rule of ours. */
export interface Broken extends Pick<Measured, 'metric' | 'matchers' | 'errors' | 'by' | 'window'> {
  /** As a rule file says them; all must hold. */
  readonly when: readonly string[];
  readonly unit: ReturnType<typeof unitOf>;
  /** Whether it is about there being no data. */
  readonly absent: boolean;
  /** What is not quite the same. */
  readonly notes: readonly string[];
}

/** Throws `Unconvertible` where the expression is nothing that a rule says. */
export function brokenBy(expression: Expression): Broken {
  if (expression.kind === 'call' && /^absent(_over_time)?$/.test(expression.name)) return absence(expression);
  if (expression.kind === 'number' || (expression.kind === 'call' && expression.name === 'vector'))
    throw new Unconvertible(
      expression.at,
      'it always fires, as a watchdog does: TidemarkWatchdog is there without a rule',
    );
  const [first, ...more] = conjuncts(expression).map(comparison);
  if (!first) throw new Unconvertible(expression.at, 'it compares nothing');
  const notes = first.notes.concat(more.flatMap((one) => one.notes));
  return more.reduce(both, { ...first, notes });
}

function conjuncts(expression: Expression): readonly Expression[] {
  if (expression.kind !== 'binary') return [expression];
  const { operator, left, right, at, on } = expression;
  if (operator === 'or' || operator === 'unless')
    throw new Unconvertible(
      at,
      operator === 'or' ? 'or has no counterpart: write a rule for each' : 'unless has no counterpart',
    );
  if (operator !== 'and') return [expression];
  if (on !== null)
    throw new Unconvertible(at, 'and of series that are matched by some labels has no counterpart');
  return [...conjuncts(left), ...conjuncts(right)];
}

/** Two that hold of the same windows. */
function both(a: Broken, b: Broken): Broken {
  const differing = (
    [
      ['metrics', a.metric !== b.metric],
      ['matchers', textOf(a.matchers) !== textOf(b.matchers)],
      ['labels', !isSameSet(a.by, b.by)],
      ['ranges', a.window !== b.window],
      ['errors', a.errors !== null && b.errors !== null && textOf(a.errors) !== textOf(b.errors)],
    ] as const
  ).find(([, differs]) => differs);
  if (differing)
    throw new Unconvertible(
      0,
      `and of two ${differing[0]} has no counterpart: what must hold together is of one window${differing[0] === 'ranges' ? '; of an error budget write objective and burn_rate' : ''}`,
    );
  return { ...a, when: [...a.when, ...b.when], errors: a.errors ?? b.errors };
}

const mirrored: Readonly<Record<string, Operator>> = { '>': '<', '<': '>', '>=': '<=', '<=': '>=' };

function comparison(expression: Expression): Broken {
  const operator =
    expression.kind === 'binary' ? operators.find((one) => one === expression.operator) : undefined;
  if (expression.kind !== 'binary' || operator === undefined) {
    // What nothing measures says so itself.
    measuredBy(expression);
    throw new Unconvertible(expression.at, 'it compares nothing: it would fire for whatever is there');
  }
  const { left, right, at } = expression;
  const [before, behind] = [constantOf(left), constantOf(right)];
  if (before !== null && behind === null)
    return condition(measuredBy(right), { operator: mirrored[operator] ?? operator, threshold: before, at });
  if (behind !== null) return condition(measuredBy(left), { operator, threshold: behind, at });
  measuredBy(left);
  measuredBy(right);
  throw new Unconvertible(
    at,
    'a comparison of two metrics has no counterpart: compare with a number, or with a baseline',
  );
}

interface Compared {
  readonly operator: Operator;
  readonly threshold: number;
  readonly at: number;
}

function condition(measured: Measured, { operator, threshold, at }: Compared): Broken {
  const { measure, factor, constant, errors } = ofErrors(measured);
  const value = Number(((threshold - constant) / factor).toPrecision(12));
  if (!Number.isFinite(value)) throw new Unconvertible(at, `${threshold} is no threshold`);
  const turned = factor < 0 ? (mirrored[operator] ?? operator) : operator;
  const unit = unitOf(measure);
  return {
    ...{ metric: measured.metric, matchers: measured.matchers, errors, by: measured.by },
    window: measured.window,
    when: [`${measure} ${turned} ${withUnit(value, unit)}`],
    unit,
    absent: false,
    notes: [
      ...(measured.metric === 'up' ? [UP] : []),
      ...(measured.window === null && measure === 'avg'
        ? ['PromQL looks at the newest sample, here it is the mean of those of a window']
        : []),
    ],
  };
}

const UP = 'up is what Prometheus says: there is none of what is scraped directly';

const inverted: Readonly<Record<string, Matcher['operator']>> = { '!=': '=', '!~': '=~' };

/** The share of what went well is what is left of the share of errors. */
function ofErrors(measured: Measured): Measured {
  const [only, ...more] = measured.errors ?? [];
  const operator = only && more.length === 0 ? inverted[only.operator] : undefined;
  if (!only || operator === undefined) return measured;
  const { factor, constant } = measured;
  return { ...measured, errors: [{ ...only, operator }], factor: -factor, constant: constant + factor };
}

/** A number that our own reader takes for exactly this one. */
function withUnit(value: number, unit: Broken['unit']): string {
  if (value === 0) return '0';
  switch (unit) {
    case 's': {
      const ms = Number((value * 1000).toPrecision(12));
      return value < 1 && value > 0 && ms / 1000 === value ? `${ms}ms` : `${value}s`;
    }
    case 'ratio':
    case 'share': {
      const percent = Number((value * 100).toPrecision(12));
      return percent / 100 === value ? `${percent}%` : String(value);
    }
    case '/s':
      return `${value}/s`;
    case 'B/s':
      return `${value}B/s`;
    case 'requests':
    case 'times':
    case 'own':
      return String(value);
  }
}

const NEVER = '-1.7e308';

/** There is none of it: the group of those labels that the matchers give. */
function absence(call: Expression & { readonly kind: 'call' }): Broken {
  const [of] = call.args;
  const compared =
    of?.kind === 'binary' && of.operator === '==' && constantOf(of.right) === 1 ? of.left : null;
  const selected = compared ?? of;
  const [selector, window] = selected?.kind === 'range' ? [selected.of, selected.ms] : [selected, null];
  if (selector?.kind !== 'selector' || (compared !== null && selector.metric !== 'up'))
    throw new Unconvertible(
      of?.at ?? call.at,
      `${call.name}() of this has no counterpart: it must be of a metric`,
    );
  const counted = /^(.*)_(?:count|sum|bucket)$/.exec(selector.metric)?.[1];
  const isCounter = counted !== undefined || selector.metric.endsWith('_total');
  const { matchers } = selector;
  return {
    ...{ metric: counted ?? selector.metric, matchers, errors: null, window, absent: true },
    by: [...new Set(matchers.flatMap(({ label, operator }) => (operator === '=' ? [label] : [])))],
    unit: isCounter ? 'requests' : 'own',
    when: [compared ? 'max < 1' : isCounter ? 'request_count < 0' : `max < ${NEVER}`],
    notes: [
      ...(selector.metric === 'up' ? [UP] : []),
      ...(compared ? [] : ['its condition never holds: it is about there being no data']),
      'it is for what had data within a day; of what never was there nothing is known',
    ],
  };
}

const textOf = (matchers: readonly Matcher[]): string =>
  matchers
    .map(({ label, operator, value }) => `${label}${operator}${value}`)
    .sort()
    .join();
