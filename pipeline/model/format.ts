import { type Measure, unitOf } from './measures.js';
import { inWords } from './units.js';

/** A measure as people read it; `no data` for null. */
export const formatMeasure = (measure: Measure, value: number | null): string =>
  value === null ? 'no data' : inWords(value, unitOf(measure));
