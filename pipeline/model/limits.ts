import type { SeriesIdentity } from './series-text.js';

/** Labels of a series, without empty ones. */
export const MAX_LABELS = 64;
/** Name of a metric; name or value of a label, bytes of UTF-8. */
export const MAX_TEXT_BYTES = 1_024;
/** Key of a record: the series text, bytes. */
export const MAX_KEY_BYTES = 16_384;

/** What of a series is beyond the limits, for people; null where nothing is. */
export function beyondLimits({ name, labels }: SeriesIdentity, keyBytes: number): string | null {
  if (keyBytes > MAX_KEY_BYTES) return `its key has ${keyBytes} bytes, ${MAX_KEY_BYTES} is the limit`;
  if (isLong(name)) return tooLong('the name of its metric', name);
  let count = 0;
  for (const label of Object.keys(labels)) {
    const value = labels[label] ?? '';
    if (value === '') continue;
    count++;
    if (isLong(label)) return tooLong('the name of a label', label);
    if (isLong(value)) return tooLong(`the value of its label ${label}`, value);
  }
  return count > MAX_LABELS ? `it has ${count} labels, ${MAX_LABELS} is the limit` : null;
}

/** A code unit is three bytes at most, so most texts need not be counted. */
const isLong = (text: string): boolean =>
  text.length * 3 > MAX_TEXT_BYTES && Buffer.byteLength(text) > MAX_TEXT_BYTES;

const tooLong = (what: string, text: string): string =>
  `${what} has ${Buffer.byteLength(text)} bytes, ${MAX_TEXT_BYTES} is the limit: ${text.slice(0, 40)}...`;
