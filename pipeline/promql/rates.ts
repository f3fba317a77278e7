import type { Matcher } from '../model/matcher.js';
import { type Measure, measureFrom } from '../model/measures.js';
import { type Binary, type Expression, Unconvertible } from './expression.js';
import { gauge } from './gauges.js';
import { constantOf, isSameSet, type Measured, noCounterpart, unitary } from './measured.js';

type Part = 'count' | 'sum' | 'bucket' | 'plain';

/** How fast a counter grows, added up over series. */
interface Rate extends Pick<Measured, 'matchers' | 'by' | 'at'> {
  readonly family: string;
  readonly part: Part;
  readonly window: number;
  /** How much in all, and not per second. */
  readonly isIncrease: boolean;
}

/** Null where the expression is no rate of a counter. */
export function rateOf(expression: Expression): Rate | null {
  if (expression.kind === 'aggregate') {
    const [argument] = expression.args;
    const of = argument && argument.kind !== 'aggregate' ? rateOf(argument) : null;
    if (of === null) return null;
    if (expression.name === 'sum') return { ...of, by: expression.by, at: expression.at };
    throw new Unconvertible(
      expression.at,
      `${expression.name} of rates has no counterpart: a group is a sum`,
    );
  }
  if (expression.kind !== 'call' || !['rate', 'increase'].includes(expression.name)) return null;
  const [range] = expression.args;
  if (range?.kind !== 'range') throw noCounterpart(range ?? expression);
  const { metric, matchers } = range.of;
  const suffix = /_(count|sum|bucket)$/.exec(metric)?.[1];
  return {
    family: suffix === undefined ? metric : metric.slice(0, -suffix.length - 1),
    part: (suffix ?? 'plain') as Part,
    matchers,
    by: null,
    window: range.ms,
    isIncrease: expression.name === 'increase',
    at: expression.at,
  };
}

/** How fast a counter grows, by itself. */
export function ofRate(rate: Rate): Measured {
  const { family: metric, part, matchers, by, window, at, isIncrease } = rate;
  const of = { ...unitary, metric, matchers, by, window, at };
  if (part === 'count' || part === 'plain')
    return { ...of, measure: isIncrease ? 'request_count' : 'request_rate' };
  if (part === 'sum' && metric.endsWith('_bytes') && !isIncrease) return { ...of, measure: 'throughput' };
  throw new Unconvertible(
    at,
    part === 'sum'
      ? `how fast ${metric}_sum grows has no counterpart: divide it by how fast ${metric}_count does`
      : `how fast ${metric}_bucket grows has no counterpart: take histogram_quantile(), or divide it by how fast ${metric}_count does`,
  );
}

/** A mean, a share of errors, or a share of fast requests. */
export function quotient({ left, right, at, on }: Binary & { readonly at: number }): Measured {
  const [over, under] = [factored(left), factored(right)];
  const [above, below] = [rateOf(withoutZero(over.of)), rateOf(under.of)];
  if (above === null || below === null) {
    for (const { of } of [over, under]) if (rateOf(withoutZero(of)) === null) refuseUnknown(of);
    throw new Unconvertible(at, 'a gauge divided by another has no counterpart');
  }
  if (above.window !== below.window || above.isIncrease !== below.isIncrease)
    throw new Unconvertible(at, 'both sides must be rates over the same range');
  if (!isSameSet(above.by, below.by) || (on !== null && (on === 'otherwise' || !isSameSet(on, above.by))))
    throw new Unconvertible(at, 'both sides must be sums by the same labels');
  if (above.family !== below.family)
    throw new Unconvertible(
      at,
      `${nameOf(above)} by ${nameOf(below)} has no counterpart: a ratio is of one metric, whose labels tell its series apart`,
    );
  const { family: metric, matchers, by, window } = below;
  const factor = over.factor / under.factor;
  return { ...unitary, metric, matchers, by, window, ...ratioOf(above, below), factor };
}

/** A number that all is multiplied with: `100 * a / b` is `(100 * a) / b`. */
function factored(expression: Expression): { readonly factor: number; readonly of: Expression } {
  if (expression.kind !== 'binary' || !'*/'.includes(expression.operator))
    return { factor: 1, of: expression };
  const { operator, left, right } = expression;
  const [before, behind] = [constantOf(left), constantOf(right)];
  if (operator === '*' && before !== null) return { factor: before, of: right };
  if (behind !== null) return { factor: operator === '*' ? behind : 1 / behind, of: left };
  return { factor: 1, of: expression };
}

function ratioOf(above: Rate, below: Rate): Pick<Measured, 'measure' | 'errors' | 'at'> {
  const { at } = above;
  const extra = above.matchers.filter((one) => !below.matchers.some((other) => isSame(one, other)));
  const isWithin = below.matchers.every((one) => above.matchers.some((other) => isSame(one, other)));
  if (!isWithin) throw new Unconvertible(at, 'what is counted above is no part of what is counted below');
  if (extra.some(({ label }) => below.by === null || below.by.includes(label)))
    throw new Unconvertible(
      at,
      `series that differ in ${extra.map(({ label }) => label).join(', ')} never meet: sum both sides without it`,
    );
  if (above.part === 'sum' && below.part === 'count' && extra.length === 0) {
    checkSeconds(above.family, at);
    return { measure: 'mean_latency', errors: null, at };
  }
  if (above.part === 'bucket' && below.part === 'count') {
    const [bound, ...more] = extra;
    if (bound?.label === 'le' && bound.operator === '=' && more.length === 0)
      return { measure: within(Number(bound.value), above), errors: null, at };
  }
  if (above.part === below.part && (above.part === 'count' || above.part === 'plain') && extra.length > 0)
    return { measure: 'error_ratio', errors: extra, at };
  throw new Unconvertible(at, `${nameOf(above)} by ${nameOf(below)} has no counterpart`);
}

function within(seconds: number, { family, at }: Rate): Measure {
  checkSeconds(family, at);
  const ms = Number((seconds * 1000).toPrecision(12));
  const measure = measureFrom(`ratio(latency < ${seconds < 1 ? `${ms}ms` : `${seconds}s`})`);
  if (measure === null) throw new Unconvertible(at, `le="${seconds}" is no bound of a latency`);
  return measure;
}

/** `histogram_quantile(0.99, …)` */
export function quantile(call: Expression & { readonly kind: 'call' }): Measured {
  const [share, of] = call.args;
  const q = share ? constantOf(share) : null;
  const rate = of ? rateOf(of) : null;
  if (rate?.part !== 'bucket')
    throw new Unconvertible(
      of?.at ?? call.at,
      'a quantile is of the rate of a classic histogram, name_bucket',
    );
  if (rate.by !== null && !rate.by.includes('le'))
    throw new Unconvertible(rate.at, 'a quantile needs le among the labels');
  checkSeconds(rate.family, rate.at);
  const digits = String(q).replace(/^0?\./, '').padEnd(2, '0');
  const measure = measureFrom(`p${digits}_latency`);
  if (q === null || !(q > 0 && q < 1) || measure === null)
    throw new Unconvertible(
      share?.at ?? call.at,
      `there is no quantile ${q} here: p50_latency, p95_latency, p99_latency, p999_latency`,
    );
  const by = rate.by?.filter((label) => label !== 'le') ?? null;
  return {
    ...{ ...unitary, metric: rate.family, matchers: rate.matchers, by },
    ...{ window: rate.window, at: call.at, measure },
  };
}

const OTHER_UNIT = /_(bytes|milliseconds|ms|microseconds|us|nanoseconds|ns|minutes|hours|celsius|percent)$/;

/** Latencies are seconds here, in records and for people. */
function checkSeconds(family: string, at: number): void {
  const unit = OTHER_UNIT.exec(family)?.[1];
  if (unit !== undefined)
    throw new Unconvertible(
      at,
      `${family} is no latency in seconds: nothing here measures ${unit} of a histogram`,
    );
}

/** `or vector(0)` says what there is where there are no such series; a ratio of ours has them as none. */
const withoutZero = (expression: Expression): Expression =>
  expression.kind === 'binary' && expression.operator === 'or' && constantOf(expression.right) === 0
    ? expression.left
    : expression;

/** What is no gauge either says itself what it is. */
function refuseUnknown(expression: Expression): void {
  if (expression.kind !== 'binary') gauge(expression);
}

const nameOf = ({ family, part }: Rate): string => (part === 'plain' ? family : `${family}_${part}`);

const isSame = (a: Matcher, b: Matcher): boolean =>
  a.label === b.label && a.operator === b.operator && a.value === b.value;
