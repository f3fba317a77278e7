import { nearestInSeconds } from '../../pipeline/model/units.js';
import { SyntaxProblem } from '../../pipeline/sla/diagnostics.js';

/** What a scrape says of a series: its value, that there was none, or that the target no longer has the series. */
export type Step = number | 'missing' | 'stale';

/** A file of a few lines shall not take a machine's memory. */
const MOST = 100_000;

const NUMBER = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';
const item = new RegExp(`^(?:(_|stale)|(${NUMBER})(?:([+-](?:\\d+\\.?\\d*|\\.\\d+))(?=x))?)(?:x(\\d+))?$`);

/**
 * Values as promtool writes them: `1 2 3`, `5x4` (five times 5), `0+100x20` (0, 100, and so on to 2000), `_`
 * (no sample; `_x4` four times), `stale`. Throws `SyntaxProblem`.
 */
export function parseValues(text: string): readonly Step[] {
  const steps: Step[] = [];
  for (const word of wordsOf(text)) {
    const [whole, mark, start, by = '0', times] = item.exec(word) ?? [];
    if (whole === undefined)
      throw new SyntaxProblem(`"${word}" is no value: write it like 5, 5x4, 0+100x20, _, _x4 or stale`);
    const count = Number(times ?? (mark === undefined ? 0 : 1));
    if (steps.length + count > MOST) throw new SyntaxProblem(`"${word}" makes more than ${MOST} samples`);
    if (mark !== undefined) for (let i = 0; i < count; i++) steps.push(mark === '_' ? 'missing' : 'stale');
    else for (let i = 0; i <= count; i++) steps.push(Number(start) + i * Number(by));
  }
  return steps;
}

/** One value for each interval: `120ms x10 500ms` is ten times 120 ms, then 500 ms. Throws `SyntaxProblem`. */
export function parseEach(text: string, read: (word: string) => number): readonly number[] {
  const values: number[] = [];
  for (const word of wordsOf(text.replace(/\s+(?=x\d+(?:\s|$))/g, ''))) {
    const [, one = '', times = '1'] = /^(.+?)(?:x(\d+))?$/.exec(word) ?? [];
    const count = Number(times);
    if (count < 1 || values.length + count > MOST)
      throw new SyntaxProblem(`"${word}" is for no interval, or for more than ${MOST}`);
    const value = read(one);
    for (let i = 0; i < count; i++) values.push(value);
  }
  return values;
}

/** A latency in seconds. Throws `SyntaxProblem`. */
export function latencyOf(word: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(word) ?? [];
  const seconds = nearestInSeconds(number, unit);
  if (seconds === undefined) throw new SyntaxProblem(`"${word}" is no latency: write it like 120ms or 1.5s`);
  return seconds;
}

/** A size in the unit of the metric. Throws `SyntaxProblem`. */
export function sizeOf(word: string): number {
  if (!/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(word))
    throw new SyntaxProblem(`"${word}" is no size: write it in the metric's own unit, like 1200 or 1.5e6`);
  return Number(word);
}

function wordsOf(text: string): readonly string[] {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length === 0) throw new SyntaxProblem('there is no value: write at least one');
  return words;
}
