const FIRST_MS = 1_000;
const LAST_MS = 60_000;

/**
 * How long to wait after so many failures (from 1), ms: from 1 s on, twice as long each time, at most a minute; of
 * that a half, and of the other half a random part, so that those who failed together do not come back together.
 */
export function retryDelay(failures: number, random: () => number): number {
  const whole = Math.min(LAST_MS, FIRST_MS * 2 ** (failures - 1));
  return (whole * (1 + random())) / 2;
}
