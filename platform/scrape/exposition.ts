/** One series of a target: a counter, histogram or summary, cumulative, or a gauge. */
export interface ExposedSample {
  /** Family name; a plain counter's own name. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly type: 'cumulative' | 'gauge';
  /** 1 for a gauge. */
  readonly count: number;
  /** In the family's unit; 0 for a plain counter; the value of a gauge. */
  readonly sum: number;
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  /** Since when it counts, ms since the epoch; null where the target does not say. */
  readonly created: number | null;
}

export interface Exposition {
  readonly samples: readonly ExposedSample[];
  /** `process_start_time_seconds`, ms since the epoch; null where it is not exposed. */
  readonly processStart: number | null;
}

export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
}

interface Building {
  readonly name: string;
  readonly labels: Record<string, string>;
  type: ExposedSample['type'];
  count: number | null;
  sum: number;
  buckets: { le: number; count: number }[];
  created: number | null;
}

const metricName = /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]*(\{)|(?=[ \t]))/y;
const label = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|(?=\}))/suy;
const closing = /\s*\}/y;
/** Value, timestamp and exemplar; the latter two are not used. */
const rest = /[ \t]*([^\s#]+)(?:[ \t]+-?[\d.]+(?:[eE][+-]?\d+)?)?(?:[ \t]+#.*)?$/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' };

/**
 * Parses the Prometheus text format 0.0.4 and OpenMetrics 1.0: what counts, and the gauges of these names.
 * Throws `ExpositionError` naming the line.
 */
export function parseExposition(text: string, gauges: ReadonlySet<string> = new Set()): Exposition {
  const types = new Map<string, string>();
  const series = new Map<string, Building>();
  let processStart: number | null = null;
  let number = 0;
  for (const raw of text.split('\n')) {
    number++;
    const line = raw.trim();
    if (line.startsWith('#')) {
      const [, kind, name = '', type = ''] = line.split(/[ \t]+/);
      if (kind === 'TYPE') types.set(name, type);
      continue;
    }
    if (line === '') continue;
    const sample = parseSample(line);
    if (!sample) throw new ExpositionError(`line ${number} is no sample: ${line.slice(0, 80)}`);
    if (sample.name === 'process_start_time_seconds') processStart = milliseconds(sample.value);
    if (gauges.has(sample.name) && isGauge(types.get(sample.name))) takeGauge(series, sample);
    else take(series, types, sample);
  }
  const samples = [...series.values()].flatMap(finish);
  return { samples, processStart };
}

interface Sample {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** Reads a line from left to right, since an exemplar behind the value has braces too. */
function parseSample(line: string): Sample | null {
  metricName.lastIndex = 0;
  const [, name, open] = metricName.exec(line) ?? [];
  if (name === undefined) return null;
  const labels: Record<string, string> = {};
  rest.lastIndex = metricName.lastIndex;
  if (open !== undefined) {
    const end = readLabels(line, metricName.lastIndex, labels);
    if (end < 0) return null;
    rest.lastIndex = end;
  }
  const value = parseNumber(rest.exec(line)?.[1] ?? '');
  return value === undefined ? null : { name, labels, value };
}

/** Reads labels up to the closing brace; returns where the text goes on, below 0 where there is none. */
function readLabels(line: string, from: number, labels: Record<string, string>): number {
  for (let at = from; ; at = label.lastIndex) {
    closing.lastIndex = at;
    if (closing.test(line)) return closing.lastIndex;
    label.lastIndex = at;
    const [, name = '', value = ''] = label.exec(line) ?? [];
    if (name === '') return -1;
    labels[name] = value.includes('\\')
      ? value.replace(/\\(.)/gsu, (_, c: string) => escapes[c] ?? `\\${c}`)
      : value;
  }
}

function take(
  series: Map<string, Building>,
  types: ReadonlyMap<string, string>,
  { name, labels, value }: Sample,
): void {
  const [family, part] = familyOf(name, types);
  if (family === null) return;
  const { le: bound = '', ...others } = labels;
  const own = part === '_bucket' ? others : labels;
  const building = buildingOf(series, family, own);
  if (part === '_bucket') {
    const le = parseNumber(bound);
    if (le !== undefined) building.buckets.push({ le, count: value });
  } else if (part === '_sum') building.sum = value;
  else if (part === '_created') building.created = milliseconds(value);
  else building.count = value;
}

/** What says of itself that it is one, or says nothing of itself. */
const isGauge = (type = 'untyped'): boolean => ['gauge', 'untyped', 'unknown'].includes(type);

function takeGauge(series: Map<string, Building>, { name, labels, value }: Sample): void {
  const building = buildingOf(series, name, labels);
  building.type = 'gauge';
  building.count = 1;
  building.sum = value;
}

/** The family that a sample belongs to, and which part of it; null for what is no counter. */
function familyOf(name: string, types: ReadonlyMap<string, string>): readonly [string | null, string] {
  for (const part of ['_bucket', '_sum', '_count']) {
    const family = name.endsWith(part) ? name.slice(0, -part.length) : '';
    const type = types.get(family);
    if (type === 'histogram' || (type === 'summary' && part !== '_bucket')) return [family, part];
  }
  if (name.endsWith('_created')) {
    const family = name.slice(0, -'_created'.length);
    const type = types.get(family);
    if (type === 'histogram' || type === 'summary') return [family, '_created'];
    if (type === 'counter' || types.get(`${family}_total`) === 'counter')
      return [`${family}_total`, '_created'];
  }
  const counter =
    types.get(name) === 'counter' || (name.endsWith('_total') && types.get(name.slice(0, -6)) === 'counter');
  return counter ? [name, ''] : [null, ''];
}

function buildingOf(series: Map<string, Building>, name: string, labels: Record<string, string>): Building {
  const key = `${name}${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
  let building = series.get(key);
  if (!building) {
    building = { name, labels, type: 'cumulative', count: null, sum: 0, buckets: [], created: null };
    series.set(key, building);
  }
  return building;
}

function finish({ name, labels, type, count, sum, buckets, created }: Building): ExposedSample[] {
  if (count === null) return [];
  return [{ name, labels, type, count, sum, buckets: buckets.sort((a, b) => a.le - b.le), created }];
}

/** Seconds as ms; null for what is no time. */
const milliseconds = (seconds: number): number | null =>
  Number.isFinite(seconds) ? Math.round(seconds * 1000) : null;

function parseNumber(text: string): number | undefined {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? undefined : value;
}
