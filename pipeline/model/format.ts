import { isMeasure, type Measure, unitOf } from './measures.js';
import { inWords, short } from './units.js';

/** A measure as people read it; `no data` for null. */
export const formatMeasure = (measure: Measure, value: number | null): string =>
  value === null ? 'no data' : inWords(value, unitOf(measure));

/** A value of a measure that may be one of a newer version. */
export const valueText = (measure: string, value: number | null): string =>
  isMeasure(measure) ? formatMeasure(measure, value) : value === null ? 'no data' : short(value);

/** `1.2 x baseline`, `baseline + 3 x mad` */
export function comparedText({ factor, mads }: { readonly factor: number; readonly mads: number }): string {
  const times = factor === 1 && mads !== 0 ? 'baseline' : `${short(factor)} x baseline`;
  return mads === 0 ? times : `${times} ${mads < 0 ? '-' : '+'} ${short(Math.abs(mads))} x mad`;
}
