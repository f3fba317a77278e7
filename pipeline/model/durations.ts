/** Units of durations as they are written, the longest first; each with its ms. */
export const durationUnits = [
  ['y', 31_536_000_000],
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** As rules have it: `1h30m`. */
export function formatDuration(ms: number): string {
  let left = ms;
  let text = '';
  for (const [unit, length] of durationUnits) {
    // A year is no number of weeks.
    if (unit === 'y' || left < length) continue;
    text += `${Math.floor(left / length)}${unit}`;
    left %= length;
  }
  return text || '0s';
}
