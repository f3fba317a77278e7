import { createHash } from 'node:crypto';
import type { Matcher } from './matcher.js';
import { byCodeUnits, escapeValue } from './text.js';

/** What *aggregate* computes once, however many rules use it. */
export interface Selection {
  /** First 16 hex digits of SHA-256 over `text`. */
  readonly id: string;
  readonly text: string;
  /** Metric family. */
  readonly metric: string;
  /** Sorted by label, operator, value. */
  readonly match: readonly Matcher[];
  readonly errors: readonly Matcher[];
  /** Sorted, distinct label names. */
  readonly by: readonly string[];
  /** Window length, ms. */
  readonly window: number;
  /** ms. */
  readonly grace: number;
  /** Whether a rule measures a quantile, for which buckets are kept. */
  readonly buckets: boolean;
  /** Whether it is of values at times, and not of what counters grew by; it has no errors then. */
  readonly gauge: boolean;
}

export type SelectionParts = Omit<Selection, 'id' | 'text'>;

/** The selection of these parts, in canonical order, with its identity. */
export function selectionOf(parts: SelectionParts): Selection {
  const match = sortMatchers(parts.match);
  const errors = sortMatchers(parts.errors);
  const by = [...new Set(parts.by)].sort(byCodeUnits);
  const kind = parts.gauge ? 'gauge' : `errors${matcherText(errors)}`;
  const text = `${parts.metric}${matcherText(match)} ${kind} by (${by.join(',')}) ${parts.window} ${parts.grace}${parts.buckets ? ' buckets' : ''}`;
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { ...parts, match, errors, by, text, id };
}

function sortMatchers(matchers: readonly Matcher[]): readonly Matcher[] {
  return [...matchers].sort(
    (a, b) =>
      byCodeUnits(a.label, b.label) || byCodeUnits(a.operator, b.operator) || byCodeUnits(a.value, b.value),
  );
}

const matcherText = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(({ label, operator, value }) => `${label}${operator}"${escapeValue(value)}"`).join(',')}}`;
