/** A line of a log that belongs to a request. */
export interface Step {
  /** When what it tells of began, and was over; ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly component: string;
  readonly message: string;
  /** pino's: 30 info, 40 warning, 50 error. */
  readonly level: number;
  /** What else it says, in its order. */
  readonly fields: readonly (readonly [string, string])[];
}

const WARNING = 40;
/** The last time that a date can be, ms since the epoch. */
const LAST_TIME = 8.64e15;
const own = new Set([
  'level',
  'time',
  'msg',
  'component',
  'requestId',
  'traceId',
  'ms',
  'pid',
  'hostname',
  'v',
]);

/**
 * What a line of a log tells of the request with that id, or of the trace with it; null where it is about another,
 * or no line of ours. What stands before its first brace (Compose writes the container's name there) is no part of it.
 */
export function stepOf(text: string, id: string): Step | null {
  // Most lines are about others, and need not be read.
  if (!text.includes(id)) return null;
  const line = parse(text.slice(text.indexOf('{')));
  if (line === null || (line.requestId !== id && line.traceId !== id)) return null;
  const time = typeof line.time === 'number' ? line.time : Date.parse(String(line.time));
  if (!(Math.abs(time) <= LAST_TIME)) return null;
  const took = typeof line.ms === 'number' && line.ms > 0 ? line.ms : 0;
  return {
    ...{ from: time - took, to: time },
    component: typeof line.component === 'string' ? wordOf(line.component) : '-',
    message: typeof line.msg === 'string' ? inert(line.msg) : '',
    level: typeof line.level === 'number' ? line.level : 30,
    fields: Object.entries(line).flatMap(([name, value]) =>
      own.has(name) || value === null ? [] : [[name, wordOf(value)] as const],
    ),
  };
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A value on one line; in quotes where it would not stand for itself. */
function wordOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return quoted(value.message);
  return typeof value === 'string' && /^[!#-~]+$/.test(value) ? value : quoted(value);
}

const quoted = (value: unknown): string => inert(JSON.stringify(value) ?? '');

/** Nothing that a terminal takes for a command (some do so above ASCII, too), or that turns the direction of the text. */
const inert = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are meant.
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** In the order in which they began; what took longer goes before what it waited for. */
export const inOrder = (steps: readonly Step[]): readonly Step[] =>
  steps.toSorted((a, b) => a.from - b.from || b.to - a.to);

/** The path of a request: when each step began after the first, how long it took, who did what. */
export function traceLines(steps: readonly Step[]): readonly string[] {
  const ordered = inOrder(steps);
  const begin = ordered[0]?.from ?? 0;
  const end = ordered.reduce((latest, { to }) => Math.max(latest, to), begin);
  const rows = ordered.map(({ from, to, component, message, level, fields }) => ({
    start: `+${millis(from - begin)}`,
    took: to > from ? millis(to - from) : '',
    component,
    what: [
      level >= WARNING ? `! ${message}` : message,
      ...fields.map(([name, value]) => `${name}=${value}`),
    ].join(' '),
  }));
  const width = (of: (row: (typeof rows)[number]) => string): number =>
    rows.reduce((most, row) => Math.max(most, of(row).length), 0);
  const [starts, tooks, components] = [
    width(({ start }) => start),
    width(({ took }) => took),
    width((row) => row.component),
  ];
  return [
    `${new Date(begin).toISOString()}, ${rows.length} steps in ${millis(end - begin)}`,
    ...rows.map(
      ({ start, took, component, what }) =>
        `${start.padStart(starts)}  ${took.padStart(tooks)}  ${component.padEnd(components)}  ${what}`,
    ),
  ];
}

const millis = (ms: number): string =>
  ms < 10_000 ? `${Number(ms.toFixed(1))}ms` : `${(ms / 1000).toFixed(1)}s`;
