import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { burns, decidingRate, ratesOf } from '../model/alert-text.js';
import { burnOf } from '../model/burn.js';
import { formatDuration } from '../model/durations.js';
import type { Objective, Rule } from '../model/rule.js';
import { sumsOf } from '../model/window-sums.js';
import { differences, type Recomputed, type Said } from './recomputed.js';

/**
 * Makes the decision of an objective again, as far as that goes: of its windows the log has the shortest alone, so
 * what the others burned is taken from the record.
 */
export function recomputeBurn(
  alert: AlertRecord,
  rule: Rule,
  objective: Objective,
  window: WindowRecord | null,
): Recomputed {
  const burn = window && burnOf(objective, sumsOf(window));
  const isOfWindow = (one: AlertRecord['conditions'][number]): boolean =>
    window !== null && one.window === rule.selection.window && one.value !== null;
  const conditions = alert.conditions.map((one) => (isOfWindow(one) ? { ...one, value: burn } : one));
  const again = { ...alert, conditions };
  const rates = ratesOf(again);
  // Which of them had too few requests to be judged, the record does not say.
  const all = rule.minRequests > 0 ? null : (rates.find(burns) ?? rates[0] ?? null);
  const deciding = (all ?? decidingRate(again))?.long ?? null;
  const found = { value: deciding?.value ?? null, threshold: deciding?.threshold ?? null, conditions };
  const differs = differences({
    value: [alert.value, found.value],
    threshold: [alert.threshold, found.threshold],
    ...(window === null ? {} : { requests: [alert.requests, window.requests] as const }),
    ...ofConditions(alert, conditions),
    ...verdict(alert, rates.some(burns), rule),
  });
  return {
    ...found,
    baseline: null,
    windows: null,
    lookedAt: [],
    differs,
    partly: partlyText(alert, rule, window),
  };
}

const ofConditions = (alert: AlertRecord, again: AlertRecord['conditions']): Said =>
  Object.fromEntries(
    again.map(({ window, value }, i) => [
      `burn rate ${i + 1}, over ${formatDuration(window)}`,
      [alert.conditions[i]?.value ?? null, value] as const,
    ]),
  );

/** An alert begins and goes on to fire while a rate burns too fast, and is over when none does. */
function verdict({ state }: AlertRecord, isBurning: boolean, { minRequests }: Rule): Said {
  const isActive = state === 'firing' || state === 'pending';
  if (!isActive && minRequests > 0) return {};
  return { 'burning too fast': [isActive, isBurning] };
}

function partlyText({ conditions }: AlertRecord, { selection }: Rule, window: WindowRecord | null): string {
  const lengths = new Set(conditions.map((one) => one.window));
  if (window !== null) lengths.delete(selection.window);
  const names = [...lengths]
    .sort((a, b) => a - b)
    .map(formatDuration)
    .join(', ');
  return `the sums over ${names} are not in the log, and what they burned is as the record says`;
}
