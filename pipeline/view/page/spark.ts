import type { AlertRecord } from '../../../schemas/types.js';
import { valueText } from '../../model/format.js';
import { svg } from './dom.js';

export type Sparkline = readonly (readonly [end: number, value: number | null])[];

const WIDTH = 120;
const HEIGHT = 28;

/** The last windows of an alert's group, with the threshold dashed and the baseline dotted. */
export function drawSpark(line: Sparkline, { measure, threshold, baseline }: AlertRecord): SVGElement {
  const values = line.flatMap(([, value]) => (value === null ? [] : [value]));
  const levels = [threshold, baseline?.value ?? null].filter((level) => level !== null);
  const most = Math.max(...values, ...levels, 0) || 1;
  const [first, last] = [line[0]?.[0] ?? 0, line.at(-1)?.[0] ?? 1];
  const x = (at: number): string =>
    (first === last ? WIDTH / 2 : 2 + ((at - first) / (last - first)) * (WIDTH - 4)).toFixed(1);
  const y = (value: number): string => (HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1);
  const level = (value: number | null, name: string): SVGElement[] =>
    value === null ? [] : [svg('line', { class: name, x1: 0, x2: WIDTH, y1: y(value), y2: y(value) })];
  const parts: string[] = [];
  let drawn = false;
  for (const [at, value] of line) {
    // Where there was no data the line is broken.
    if (value !== null) parts.push(`${drawn ? 'L' : 'M'}${x(at)} ${y(value)}`);
    drawn = value !== null;
  }
  const now = line.at(-1)?.[1] ?? null;
  const label =
    values.length === 0 ? 'no windows' : `${values.length} windows, now ${valueText(measure, now)}`;
  return svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    ...level(threshold, 'threshold'),
    ...level(baseline?.value ?? null, 'baseline'),
    svg('path', { d: parts.join('') }),
    ...(now === null ? [] : [svg('circle', { cx: x(last), cy: y(now), r: 2 })]),
  );
}
