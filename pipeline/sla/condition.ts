import { type Measure, measureFrom, measureNames, unitOf } from '../model/measures.js';
import { type Condition, operators } from '../model/rule.js';
import { inSeconds } from '../model/units.js';
import { nearest, SyntaxProblem } from './diagnostics.js';
import { parseDuration } from './duration.js';

const shape = /^\s*([A-Za-z_][A-Za-z0-9_]*(?:\s*\([^()]*\))?)\s*(>=|<=|==|!=|>|<|=)\s*(.+?)\s*$/su;
const baseline = /^(?:([0-9.eE+-]+)\s*\*\s*)?baseline(?:\s*([+-])\s*(?:([0-9.eE]+)\s*\*\s*)?mad)?$/;
const number = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)$/;
const sizes: ReadonlyMap<string, number> = new Map([
  ['B/s', 1],
  ['kB/s', 1e3],
  ['MB/s', 1e6],
  ['GB/s', 1e9],
  ['KiB/s', 2 ** 10],
  ['MiB/s', 2 ** 20],
  ['GiB/s', 2 ** 30],
]);
const perUnit: ReadonlyMap<string, number> = new Map([
  ['/s', 1],
  ['/m', 60],
  ['/h', 3600],
]);

/** `MEASURE OP (NUMBER UNIT | FACTOR * baseline)`. Throws `SyntaxProblem`. */
export function parseCondition(text: string): Condition {
  const found = shape.exec(text);
  if (!found) throw new SyntaxProblem(`"${text}" is no condition: write it like mean_latency > 300ms`);
  const [, word = '', symbol = '', right = ''] = found;
  const measure = measureFrom(word);
  if (measure === null) throw new SyntaxProblem(unknownMeasure(word));
  const operator = operators.find((one) => one === symbol);
  if (!operator) throw new SyntaxProblem(`"=" is no comparison: write ==`);
  const factor = baseline.exec(right);
  if (factor) {
    const [, times, sign, mads] = factor;
    const away = sign === undefined ? 0 : factorOf(mads) * (sign === '-' ? -1 : 1);
    return { measure, operator, threshold: { kind: 'baseline', factor: factorOf(times), mads: away } };
  }
  if (/baseline|\bmad\b|\*/.test(right))
    throw new SyntaxProblem(
      `"${right}" is no threshold: write it like ${/\bmad\b/.test(right) ? 'baseline + 3 * mad' : '1.2 * baseline'}`,
    );
  return {
    measure,
    operator,
    threshold: { kind: 'fixed', value: fixed(measure, right) },
  };
}

export function unknownMeasure(word: string): string {
  if (!/^ratio\b/.test(word.trim())) return `unknown measure "${word}"${nearest(word, measureNames)}`;
  return `"${word}" is no ratio: write it like ratio(latency < 300ms), with the bound of a bucket`;
}

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
    case 'B/s': {
      const bytes = sizes.get(unit);
      if (found && bytes !== undefined) return value * bytes;
      throw new SyntaxProblem(`"${text}" is no throughput: give it a unit, like 500kB/s, 10MB/s or 1GiB/s`);
    }
    case 'times':
    case 'own':
      if (found && unit === '') return value;
      throw new SyntaxProblem(`"${text}" is no number: write it in the metric's own unit, like 100 or 1.5e9`);
    case 'share': {
      const share = unit === '%' ? value / 100 : value;
      if (found && (unit === '%' || unit === '') && share >= 0 && share <= 1) return share;
      throw new SyntaxProblem(`"${text}" is no share of the requests: write it like 99% or 0.99`);
    }
    case 'ratio':
      if (found && unit === '%') return value / 100;
      if (found && unit === '') return value;
      throw new SyntaxProblem(`"${text}" is no ratio: write it like 2% or 0.02`);
  }
}

function latency(text: string, value: number, unit: string): number {
  const known = inSeconds(value, unit);
  if (known !== undefined) return known;
  try {
    return parseDuration(text) / 1000;
  } catch {
    throw new SyntaxProblem(`"${text}" is no latency: give it a unit, like 300ms or 1.5s`);
  }
}
