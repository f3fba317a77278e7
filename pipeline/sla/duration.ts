import { SyntaxProblem } from './diagnostics.js';

const units = [
  ['y', 31_536_000_000],
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const pattern = new RegExp(
  `^${units.map(([unit]) => `(?:(\\d+)${unit === 'm' ? 'm(?!s)' : unit})?`).join('')}$`,
);

/** What `parseDuration` reads, beside a bare 0, as a regular expression. */
export const durationPattern = `(?=\\d)${pattern.source.slice(1, -1)}`;

/** As `parseDuration` reads it: `1h30m`. */
export function formatDuration(ms: number): string {
  let left = ms;
  let text = '';
  for (const [unit, length] of units) {
    // A year is no number of weeks.
    if (unit === 'y' || left < length) continue;
    text += `${Math.floor(left / length)}${unit}`;
    left %= length;
  }
  return text || '0s';
}

/** `30s`, `1h30m`, `1d`, `500ms`, `0` as Prometheus writes them; in ms. Throws `SyntaxProblem`. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  const found = text === '' ? null : pattern.exec(text);
  if (!found) throw new SyntaxProblem(`"${text}" is no duration: write it like 30s, 5m, 1h30m or 500ms`);
  const sum = units.reduce((ms, [, unit], i) => ms + Number(found[i + 1] ?? 0) * unit, 0);
  if (!Number.isSafeInteger(sum)) throw new SyntaxProblem(`"${text}" is too long a duration`);
  return sum;
}
