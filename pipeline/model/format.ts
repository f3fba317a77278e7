import { type Measure, unitOf } from './measures.js';

/** A measure as people read it: `412ms`, `1.5s`, `71/s`, `2.3%`; `no data` for null. */
export function formatMeasure(measure: Measure, value: number | null): string {
  if (value === null) return 'no data';
  switch (unitOf(measure)) {
    case 's':
      return value < 1 ? `${short(value * 1000)}ms` : `${short(value)}s`;
    case '/s':
      return `${short(value)}/s`;
    case 'ratio':
      return `${short(value * 100)}%`;
    case 'requests':
      return short(value);
  }
}

/** Three significant digits, without trailing zeros. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));
