import type { AlertRecord, ConditionResult } from '../../schemas/types.js';
import { formatDuration } from './durations.js';
import { valueText } from './format.js';
import type { Compared } from './rule.js';
import { short } from './units.js';

/** What a burn rate of an objective came to. */
export interface RateResult {
  readonly long: ConditionResult;
  readonly short: ConditionResult;
}

/** The burn rates of an objective, in order; none of any other rule. */
export function ratesOf({ measure, conditions }: AlertRecord): readonly RateResult[] {
  if (measure !== 'burn_rate') return [];
  return conditions.flatMap((long, i) => {
    const short = conditions[i + 1];
    return i % 2 === 0 && short !== undefined ? [{ long, short }] : [];
  });
}

/** Whether both windows burn faster than they may. */
export const burns = ({ long, short }: RateResult): boolean => exceeds(long) && exceeds(short);
const exceeds = ({ value, threshold }: ConditionResult): boolean =>
  value !== null && threshold !== null && value > threshold;

/** The rate that value and threshold of the record are of; null where it has none. */
export function decidingRate(alert: AlertRecord): RateResult | null {
  const rates = ratesOf(alert);
  const isMeant = ({ long }: RateResult): boolean =>
    long.value === alert.value && long.threshold === alert.threshold;
  return rates.find((one) => burns(one) && isMeant(one)) ?? rates.find(isMeant) ?? rates[0] ?? null;
}

/** `> 14.4x over 1h, 50x over 5m` */
export function overText({ long, short }: RateResult): string {
  const beside = `${valueText(short.measure, short.value)} over ${formatDuration(short.window)}`;
  return `${againstText(long)} over ${formatDuration(long.window)}, ${beside}`.trimStart();
}

/** `16.7x > 14.4x over 1h, 50x over 5m` */
export const rateText = (rate: RateResult): string =>
  `${valueText(rate.long.measure, rate.long.value)} ${overText(rate)}`;

/** What has to hold beside the condition that the record is about. */
export const furtherConditions = ({ measure, conditions }: AlertRecord): readonly ConditionResult[] =>
  measure === 'burn_rate' ? [] : conditions.slice(1);

/** `5% > 2%` */
export const resultText = (one: Omit<ConditionResult, 'window'>): string =>
  `${valueText(one.measure, one.value)} ${againstText(one)}`.trimEnd();

const againstText = ({ measure, operator, threshold }: Omit<ConditionResult, 'window' | 'value'>): string =>
  threshold === null ? '' : `${operator} ${valueText(measure, threshold)}`;

/** How a threshold came out of a baseline: `1.2 x 300ms = 360ms`, `300ms + 3 x mad 20ms = 360ms`. */
export function arithmeticText(
  { factor, mads }: Pick<Compared, 'factor' | 'mads'>,
  measure: string,
  { baseline, threshold }: { readonly baseline: number; readonly threshold: number },
): string {
  const text = (value: number): string => valueText(measure, value);
  const times = factor === 1 && mads !== 0 ? '' : `${short(factor)} x `;
  // The record has no MAD: it is what the threshold leaves of it.
  const mad =
    mads === 0
      ? ''
      : ` ${mads < 0 ? '-' : '+'} ${short(Math.abs(mads))} x mad ${text((threshold - factor * baseline) / mads)}`;
  return `${times}${text(baseline)}${mad} = ${text(threshold)}`;
}

/** How a baseline comes about, where it is not the mean of the windows right before: `, the median, 1d before`. */
export const methodText = ({
  method,
  offset,
}: {
  readonly method: string;
  readonly offset: number;
}): string =>
  `${method === 'mean' ? '' : `, the ${method}`}${offset === 0 ? '' : `, ${formatDuration(offset)} before`}`;
