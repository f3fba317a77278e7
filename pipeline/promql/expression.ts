import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type { Matcher } from '../model/matcher.js';
import { SyntaxProblem } from '../sla/diagnostics.js';
import { parseDuration } from '../sla/duration.js';
import { parseSelector } from '../sla/selector.js';

/** An expression of PromQL, as far as a rule can come of it. `at` is its offset in the text. */
export type Expression = { readonly at: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | Selected
  /** `ms`: how far it looks back. */
  | { readonly kind: 'range'; readonly of: Selected & { readonly at: number }; readonly ms: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'aggregate';
      readonly name: string;
      readonly by: readonly string[];
      readonly args: readonly Expression[];
    }
  | Binary
  /** Something that nothing can come of, for people. */
  | { readonly kind: 'other'; readonly what: string }
);

export interface Selected {
  readonly kind: 'selector';
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Binary {
  readonly kind: 'binary';
  /** As it is written: `>`, `/`, `and`. */
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
  /** Labels of `on (…)`; null without, and for what matches series in any other way. */
  readonly on: readonly string[] | 'otherwise' | null;
}

/** Something that has no counterpart here, with its offset. */
export class Unconvertible extends Error {
  override readonly name = 'Unconvertible';

  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

/** A text that is no PromQL, with the offset at which that shows. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError';

  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

/** Parses PromQL by its own grammar; throws `PromqlError`. */
export function parsePromql(text: string): Expression {
  const tree = parser.parse(text);
  const bad: number[] = [];
  tree.iterate({ enter: (node) => void (node.type.isError && bad.push(node.from)) });
  const root = tree.topNode.firstChild;
  if (bad[0] !== undefined || !root)
    throw new PromqlError(bad[0] ?? 0, `"${text.trim()}" is no PromQL from column ${(bad[0] ?? 0) + 1} on`);
  return read(root, text);
}

function read(node: SyntaxNode, text: string): Expression {
  const at = node.from;
  const own = text.slice(node.from, node.to);
  switch (node.name) {
    case 'ParenExpr':
      return read(operands(node)[0] ?? node, text);
    case 'NumberDurationLiteral':
      return { kind: 'number', at, value: numberOf(own) };
    case 'UnaryExpr':
      return negated(read(operands(node)[0] ?? node, text), { at, negative: own.startsWith('-') });
    case 'VectorSelector':
      return selector(node, text);
    case 'MatrixSelector':
      return range(node, text);
    case 'FunctionCall':
      return { kind: 'call', at, name: nameOf(node, text), args: argumentsOf(node, text) };
    case 'AggregateExpr':
      return aggregate(node, text);
    case 'BinaryExpr':
      return binary(node, text);
    default:
      return { kind: 'other', at, what: others[node.name] ?? own };
  }
}

const others: Readonly<Record<string, string>> = {
  OffsetExpr: 'offset',
  StepInvariantExpr: '@',
  SubqueryExpr: 'a subquery',
  StringLiteral: 'a text',
};
const aside = ['AggregateOp', 'AggregateModifier', 'FunctionIdentifier', 'UnaryOp', 'BoolModifier'];

const children = (node: SyntaxNode): SyntaxNode[] => {
  const all: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) all.push(child);
  return all;
};
const operands = (node: SyntaxNode): SyntaxNode[] =>
  children(node).filter(({ name }) => !aside.includes(name));
const nameOf = (node: SyntaxNode, text: string): string =>
  text.slice(node.firstChild?.from, node.firstChild?.to).toLowerCase();
const argumentsOf = (node: SyntaxNode, text: string): Expression[] =>
  children(node.getChild('FunctionCallBody') ?? node).map((one) => read(one, text));

function numberOf(text: string): number {
  const plain = text.replaceAll('_', '');
  if (/^[+-]?inf$/i.test(plain)) return Number.POSITIVE_INFINITY;
  const value = Number(plain);
  return Number.isNaN(value) && !/^nan$/i.test(plain) ? parseDuration(plain) / 1000 : value;
}

function negated(of: Expression, { at, negative }: { at: number; negative: boolean }): Expression {
  if (!negative) return of;
  if (of.kind === 'number') return { ...of, at, value: -of.value };
  return {
    ...{ kind: 'binary', at, operator: '*', on: null },
    left: { kind: 'number', at, value: -1 },
    right: of,
  };
}

function selector(node: SyntaxNode, text: string): Expression {
  const at = node.from;
  try {
    const { metric, matchers } = parseSelector(text.slice(node.from, node.to));
    return metric === null
      ? { kind: 'other', at, what: 'a selector without a metric' }
      : { kind: 'selector', at, metric, matchers };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { kind: 'other', at, what: `${text.slice(node.from, node.to)} (${error.message})` };
  }
}

function range(node: SyntaxNode, text: string): Expression {
  const [inner, length] = children(node);
  const of = inner && read(inner, text);
  if (of?.kind !== 'selector') return of ?? { kind: 'other', at: node.from, what: 'a range' };
  try {
    return {
      kind: 'range',
      at: node.from,
      of,
      ms: parseDuration(text.slice(length?.from, length?.to).trim()),
    };
  } catch {
    return { kind: 'other', at: length?.from ?? node.from, what: 'a range that is computed' };
  }
}

function aggregate(node: SyntaxNode, text: string): Expression {
  const modifier = node.getChild('AggregateModifier');
  const at = node.from;
  if (modifier?.getChild('Without'))
    return { kind: 'other', at: modifier.from, what: 'without (say by which labels)' };
  return {
    ...{ kind: 'aggregate', at, name: nameOf(node, text), by: labelsOf(modifier, text) },
    args: argumentsOf(node, text),
  };
}

const labelsOf = (node: SyntaxNode | null, text: string): string[] =>
  (node?.getChild('GroupingLabels')?.getChildren('LabelName') ?? []).map(({ from, to }) =>
    text.slice(from, to),
  );

function binary(node: SyntaxNode, text: string): Expression {
  const at = node.from;
  const parts = children(node);
  const clause = node.getChild('MatchingModifierClause');
  const [left, operator, ...more] = parts.filter(({ name }) => name !== 'MatchingModifierClause');
  const right = more.at(-1);
  if (!left || !operator || !right) return { kind: 'other', at, what: text.slice(node.from, node.to) };
  if (node.getChild('BoolModifier')) return { kind: 'other', at: operator.from, what: 'bool' };
  const plain = clause?.getChild('On') && !clause.getChild('GroupLeft') && !clause.getChild('GroupRight');
  return {
    ...{ kind: 'binary', at, operator: text.slice(operator.from, operator.to).toLowerCase() },
    left: read(left, text),
    right: read(right, text),
    on: clause === null ? null : plain ? labelsOf(clause, text) : 'otherwise',
  };
}
