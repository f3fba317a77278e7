/** One counter, histogram or summary series of a target, cumulative. */
export interface ExposedSample {
  /** Family name; a plain counter's own name. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  /** In the family's unit; 0 for a plain counter. */
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
  count: number | null;
  sum: number;
  buckets: { le: number; count: number }[];
  created: number | null;
}

const sampleLine =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+[^#\s]+)?(?:[ \t]+#.*)?[ \t]*$/su;
const label = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/suy;
const escapes: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' };

/** Parses the Prometheus text format 0.0.4 and OpenMetrics 1.0. Throws `ExpositionError` naming the line. */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const series = new Map<string, Building>();
  let processStart: number | null = null;
  let number = 0;
  for (const line of text.split('\n')) {
    number++;
    if (line.startsWith('#')) {
      const [, kind, name = '', type = ''] = line.split(/[ \t]+/);
      if (kind === 'TYPE') types.set(name, type.trim());
      continue;
    }
    if (line.trim() === '') continue;
    const found = sampleLine.exec(line.replace(/\r$/, ''));
    const value = found ? parseNumber(found[3] ?? '') : undefined;
    const labels = found ? parseLabels(found[2] ?? '') : null;
    if (!found || value === undefined || !labels)
      throw new ExpositionError(`line ${number} is no sample: ${line.slice(0, 80)}`);
    const name = found[1] ?? '';
    if (name === 'process_start_time_seconds') processStart = Math.round(value * 1000);
    else take(series, types, { name, labels, value });
  }
  const samples = [...series.values()].flatMap(finish);
  return { samples, processStart };
}

function take(
  series: Map<string, Building>,
  types: ReadonlyMap<string, string>,
  one: { name: string; labels: Record<string, string>; value: number },
): void {
  const { name, labels, value } = one;
  const [family, part] = familyOf(name, types);
  if (family === null) return;
  const { le, ...rest } = labels;
  const own = part === '_bucket' ? rest : labels;
  const building = buildingOf(series, family, own);
  if (part === '_bucket') building.buckets.push({ le: parseNumber(le ?? '') ?? Number.NaN, count: value });
  else if (part === '_sum') building.sum = value;
  else if (part === '_created') building.created = Math.round(value * 1000);
  else building.count = value;
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
    if (type === 'counter') return [`${family}_total`, '_created'];
  }
  const counter =
    types.get(name) === 'counter' || (name.endsWith('_total') && types.get(name.slice(0, -6)) === 'counter');
  return counter ? [name, ''] : [null, ''];
}

function buildingOf(series: Map<string, Building>, name: string, labels: Record<string, string>): Building {
  const key = `${name}${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
  let building = series.get(key);
  if (!building) {
    building = { name, labels, count: null, sum: 0, buckets: [], created: null };
    series.set(key, building);
  }
  return building;
}

function finish({ name, labels, count, sum, buckets, created }: Building): ExposedSample[] {
  if (count === null) return [];
  return [{ name, labels, count, sum, buckets: buckets.sort((a, b) => a.le - b.le), created }];
}

function parseLabels(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const found = label.exec(text);
    if (!found) return null;
    const value = found[2] ?? '';
    labels[found[1] ?? ''] = value.includes('\\')
      ? value.replace(/\\(.)/gsu, (_, c: string) => escapes[c] ?? `\\${c}`)
      : value;
  }
  return labels;
}

function parseNumber(text: string): number | undefined {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? undefined : value;
}
