import type { Matcher } from '../model/matcher.js';
import type { Measure } from '../model/measures.js';
import { type Expression, Unconvertible } from './expression.js';

/** A measure of ours that an expression of PromQL is, up to a factor and a constant beside it. */
export interface Measured {
  readonly measure: Measure;
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** What counts as an error; null where that is of no matter. */
  readonly errors: readonly Matcher[] | null;
  /** Null: by all labels that there are. */
  readonly by: readonly string[] | null;
  /** ms; null for what looks at one moment. */
  readonly window: number | null;
  readonly at: number;
  /** The expression is `factor * measure + constant`. */
  readonly factor: number;
  readonly constant: number;
}

/** An expression that is the measure itself. */
export const unitary = { factor: 1, constant: 0, errors: null };

/** The number that an expression of numbers is; null where it is of more. */
export function constantOf(expression: Expression): number | null {
  if (expression.kind === 'number') return expression.value;
  if (expression.kind === 'call' && expression.name === 'vector' && expression.args[0])
    return constantOf(expression.args[0]);
  if (expression.kind !== 'binary') return null;
  const [left, right] = [constantOf(expression.left), constantOf(expression.right)];
  const compute = arithmetic[expression.operator];
  return left === null || right === null || !compute ? null : compute(left, right);
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
};

/** Null is all labels that there are. */
export function isSameSet(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return [...new Set(a)].sort().join() === [...new Set(b)].sort().join();
}

/** Says of an expression that it is nothing here. */
export function noCounterpart(expression: Expression): Unconvertible {
  const { at } = expression;
  switch (expression.kind) {
    case 'call':
      return new Unconvertible(at, `${expression.name}() has no counterpart`);
    case 'aggregate':
      return new Unconvertible(at, `${expression.name} of these has no counterpart`);
    case 'other':
      return new Unconvertible(at, `${expression.what} has no counterpart`);
    case 'binary':
      return new Unconvertible(at, `${expression.operator} within has no counterpart`);
    default:
      return new Unconvertible(at, `a ${expression.kind} alone has no counterpart`);
  }
}
