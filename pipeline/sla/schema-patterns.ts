import { measureFrom, measureNames, unitOf } from '../model/measures.js';
import type { Unit } from '../model/units.js';
import { durationPattern } from './duration.js';

// Regular expressions of the small languages within a rule file, for editors: they see less than the
// compiler does, and refuse nothing that it takes.

export const LABEL = '(?!__)[a-zA-Z_][a-zA-Z0-9_]*';
const METRIC = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const NUMBER = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';
const ZERO = '[+-]?(?:0+\\.?0*|\\.0+)(?:[eE][+-]?\\d+)?';
const BASELINE = '(?:[0-9.eE+-]+\\s*\\*\\s*)?baseline(?:\\s*[+-]\\s*(?:[0-9.eE]+\\s*\\*\\s*)?mad)?';
const FAST = 'latency\\s*<\\s*\\d+(?:\\.\\d+)?(?:ms|s|m|h)';
const RATIO = `ratio\\s*\\(\\s*${FAST}\\s*\\)`;

/** A whole text; without what stands around it. */
export const whole = (pattern: string): string => `^\\s*(?:${pattern})\\s*$`;

/** What a good request is. */
export const INDICATOR = whole(FAST);
/** Between 0 and 1. */
export const OBJECTIVE = whole('0?\\d?\\d(?:\\.\\d+)?\\s*%|0?\\.\\d+|0\\.\\d+');

export const DURATION = `^${durationPattern}$`;
/** A duration that is not 0. */
export const LENGTH = `^(?=.*[1-9])${durationPattern}$`;

const VALUE = '(?:"(?:[^"\\\\]|\\\\.)*"|\'(?:[^\'\\\\]|\\\\.)*\'|`[^`]*`)';
const MATCHER = `\\s*${LABEL}\\s*(?:=~|!~|!=|=)\\s*${VALUE}\\s*`;
const MATCHERS = `\\{\\s*(?:${MATCHER}(?:,${MATCHER})*,?\\s*)?\\}`;
export const SELECTOR = whole(`${METRIC}(?:\\s*${MATCHERS})?|${MATCHERS}`);
/** A selector that names no metric. */
export const MATCHERS_ALONE = whole(MATCHERS);

const values: Readonly<Record<Unit, string>> = {
  s: `${NUMBER}\\s*(?:ms|s|m|h)|${durationPattern}`,
  '/s': `${NUMBER}\\s*/[smh]`,
  'B/s': `${NUMBER}\\s*(?:[kMG]?B|[KMG]iB)/s`,
  ratio: `${NUMBER}\\s*%?`,
  share: `\\+?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?\\s*%?`,
  requests: NUMBER,
  times: NUMBER,
  own: NUMBER,
};

/** How a measure of `measureNames` may be written: those that stand for many, by their form. */
function written(name: string): string {
  if (name.startsWith('ratio')) return RATIO;
  return /^p\d/.test(name) ? 'p\\d{2,4}_latency' : name;
}

function byUnit(): ReadonlyMap<Unit, ReadonlySet<string>> {
  const found = new Map<Unit, Set<string>>();
  for (const name of measureNames) {
    const measure = measureFrom(name);
    if (measure === null) continue;
    const unit = unitOf(measure);
    found.set(unit, (found.get(unit) ?? new Set()).add(written(name)));
  }
  return found;
}

export const MEASURE = whole([...new Set(measureNames.map(written))].join('|'));

/** `MEASURE OP (NUMBER UNIT | FACTOR * baseline ± MADS * mad)`, each measure with the units that it has. */
export const CONDITION = whole(
  [...byUnit()]
    .map(
      ([unit, names]) =>
        `(?:${[...names].join('|')})\\s*(?:>=|<=|==|!=|>|<)\\s*(?:${values[unit]}|${ZERO}|${BASELINE})`,
    )
    .join('|'),
);
