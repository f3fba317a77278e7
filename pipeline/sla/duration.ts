import { durationUnits } from '../model/durations.js';
import { SyntaxProblem } from './diagnostics.js';

const pattern = new RegExp(
  `^${durationUnits.map(([unit]) => `(?:(\\d+)${unit === 'm' ? 'm(?!s)' : unit})?`).join('')}$`,
);

/** What `parseDuration` reads, beside a bare 0, as a regular expression. */
export const durationPattern = `(?=\\d)${pattern.source.slice(1, -1)}`;

/** `30s`, `1h30m`, `1d`, `500ms`, `0` as Prometheus writes them; in ms. Throws `SyntaxProblem`. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  const found = text === '' ? null : pattern.exec(text);
  if (!found) throw new SyntaxProblem(`"${text}" is no duration: write it like 30s, 5m, 1h30m or 500ms`);
  const sum = durationUnits.reduce((ms, [, unit], i) => ms + Number(found[i + 1] ?? 0) * unit, 0);
  if (!Number.isSafeInteger(sum)) throw new SyntaxProblem(`"${text}" is too long a duration`);
  return sum;
}
