import { isMeasure, type Measure, measureNames, unitOf } from '../model/measures.js';
import { type Condition, operators } from '../model/rule.js';
import { nearest, SyntaxProblem } from './diagnostics.js';
import { parseDuration } from './duration.js';

const shape = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(>=|<=|==|!=|>|<|=)\s*(.+?)\s*$/su;
const baseline = /^(?:([0-9.eE+-]+)\s*\*\s*)?baseline$/;
const number = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)$/;
const perUnit: ReadonlyMap<string, number> = new Map([
  ['/s', 1],
  ['/m', 60],
  ['/h', 3600],
]);
const seconds: ReadonlyMap<string, (value: number) => number> = new Map([
  ['ms', (value) => value / 1000],
  ['s', (value) => value],
  ['m', (value) => value * 60],
  ['h', (value) => value * 3600],
]);

/** `MEASURE OP (NUMBER UNIT | FACTOR * baseline)`. Throws `SyntaxProblem`. */
export function parseCondition(text: string): Condition {
  const found = shape.exec(text);
  if (!found) throw new SyntaxProblem(`"${text}" is no condition: write it like mean_latency > 300ms`);
  const [, word = '', symbol = '', right = ''] = found;
  if (!isMeasure(word)) throw new SyntaxProblem(unknownMeasure(word));
  const measure = word;
  const operator = operators.find((one) => one === symbol);
  if (!operator) throw new SyntaxProblem(`"=" is no comparison: write ==`);
  const factor = baseline.exec(right);
  if (factor) return { measure, operator, threshold: { kind: 'baseline', factor: factorOf(factor[1]) } };
  if (/baseline|\*/.test(right))
    throw new SyntaxProblem(`"${right}" is no threshold: write it like 1.2 * baseline`);
  return {
    measure,
    operator,
    threshold: { kind: 'fixed', value: fixed(measure, right) },
  };
}

export const unknownMeasure = (word: string): string =>
  `unknown measure "${word}"${nearest(word, measureNames)}`;

function factorOf(text: string | undefined): number {
  const factor = text === undefined ? 1 : Number(text);
  if (!(factor > 0 && factor < Infinity))
    throw new SyntaxProblem(`"${text}" is no factor: write it like 1.2 * baseline`);
  return factor;
}

function fixed(measure: Measure, text: string): number {
  const found = number.exec(text);
  const value = Number(found?.[1]);
  if (Math.abs(value) === Infinity) throw new SyntaxProblem(`"${text}" is too great a number`);
  const unit = found?.[2] ?? '';
  if (found && value === 0 && unit === '') return 0;
  switch (unitOf(measure)) {
    case 's':
      return latency(text, value, unit);
    case '/s': {
      const per = perUnit.get(unit);
      if (found && per !== undefined) return value / per;
      throw new SyntaxProblem(`"${text}" is no request rate: give it a unit, like 10/s, 600/m or 1000/h`);
    }
    case 'requests':
      if (found && unit === '') return value;
      throw new SyntaxProblem(`"${text}" is no number of requests: write it without a unit, like 100`);
    case 'ratio':
      if (found && unit === '%') return value / 100;
      if (found && unit === '') return value;
      throw new SyntaxProblem(`"${text}" is no ratio: write it like 2% or 0.02`);
  }
}

function latency(text: string, value: number, unit: string): number {
  const convert = seconds.get(unit);
  if (convert) return convert(value);
  try {
    return parseDuration(text) / 1000;
  } catch {
    throw new SyntaxProblem(`"${text}" is no latency: give it a unit, like 300ms or 1.5s`);
  }
}
