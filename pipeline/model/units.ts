/** s, 1/s, B/s, a share of 1, a share of 1 that is near 1, a number of requests, how many times, and whatever a gauge has. */
export type Unit = 's' | '/s' | 'B/s' | 'ratio' | 'share' | 'requests' | 'times' | 'own';

const perSecond: ReadonlyMap<string, (value: number) => number> = new Map([
  ['ms', (value) => value / 1000],
  ['s', (value) => value],
  ['m', (value) => value * 60],
  ['h', (value) => value * 3600],
]);

/** A number of one of the units `ms s m h` in seconds; undefined for any other unit. */
export const inSeconds = (value: number, unit: string): number | undefined => perSecond.get(unit)?.(value);

/** The double nearest to a decimal number of one of those units in seconds; undefined for any other unit. */
export function nearestInSeconds(number: string, unit: string): number | undefined {
  const [whole = '', fraction = ''] = number.split('.');
  // Whole numbers are exact, and the quotient of two is rounded once.
  const one = inSeconds(1000, unit);
  return one === undefined ? undefined : (Number(whole + fraction) * one) / (1000 * 10 ** fraction.length);
}

/** Three significant digits, without trailing zeros. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));

const sizes = [
  [1e9, 'GB/s'],
  [1e6, 'MB/s'],
  [1e3, 'kB/s'],
] as const;

/** A value as people read it: `412ms`, `1.5s`, `71/s`, `12.3MB/s`, `2.3%`, `99.87%`. */
export function inWords(value: number, unit: Unit): string {
  switch (unit) {
    case 's':
      return value < 1 ? `${short(value * 1000)}ms` : `${short(value)}s`;
    case '/s':
      return `${short(value)}/s`;
    case 'B/s': {
      const [size, name] = sizes.find(([least]) => value >= least) ?? [1, 'B/s'];
      return `${short(value / size)}${name}`;
    }
    case 'ratio':
      return `${short(value * 100)}%`;
    case 'share':
      return `${nearAll(value * 100)}%`;
    case 'times':
      return `${short(value)}x`;
    case 'requests':
    case 'own':
      return short(value);
  }
}

/** What counts of 99.95 % is the 0.05 that are missing: from 50 % on those have the three digits. */
const nearAll = (percent: number): string =>
  percent < 50 || percent >= 100
    ? short(percent)
    : String(Number((100 - Number((100 - percent).toPrecision(3))).toFixed(10)));
