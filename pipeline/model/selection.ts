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
  /** Window length, ms; of sessions, the longest. */
  readonly window: number;
  /** ms. */
  readonly grace: number;
  /** Whether a rule measures a quantile, for which buckets are kept. */
  readonly buckets: boolean;
  /** Whether it is of values at times, and not of what counters grew by; it has no errors then. */
  readonly gauge: boolean;
  /** What *evaluate* puts its windows together from; null where *aggregate* computes them as they are. */
  readonly panes: Panes | null;
}

/** Tumbling windows of another selection, that make up hopping windows or sessions. */
export interface Panes {
  readonly of: Selection;
  readonly session: Session | null;
}

/** Lengths in ms, multiples of the panes'. */
export interface Session {
  /** How long no request must come for it to be over. */
  readonly gap: number;
  /** At most so long after its start it is over. */
  readonly max: number;
}

export type SelectionParts = Omit<Selection, 'id' | 'text' | 'panes'>;

/** How windows lie, in ms. */
export interface Shape {
  /** Length of the panes. */
  readonly every: number;
  readonly session: Session | null;
}

/** The selection that *aggregate* computes for this one. */
export const computed = (selection: Selection): Selection => selection.panes?.of ?? selection;

/** How far apart the ends of its windows may lie, ms. */
export const everyOf = (selection: Selection): number => computed(selection).window;

/** The selection of these parts, in canonical order, with its identity; put together from panes where those are shorter. */
export function selectionOf(parts: SelectionParts, { every, session }: Shape): Selection {
  const { window } = parts;
  const of = identified({ ...parts, window: every }, String(every));
  if (session !== null)
    return { ...identified(parts, `session ${session.gap}/${session.max}/${every}`), panes: { of, session } };
  return every === window ? of : { ...identified(parts, `${window}/${every}`), panes: { of, session } };
}

function identified(parts: SelectionParts, lengths: string): Selection {
  const match = sortMatchers(parts.match);
  const errors = sortMatchers(parts.errors);
  const by = [...new Set(parts.by)].sort(byCodeUnits);
  const kind = parts.gauge ? 'gauge' : `errors${matcherText(errors)}`;
  const text = `${parts.metric}${matcherText(match)} ${kind} by (${by.join(',')}) ${lengths} ${parts.grace}${parts.buckets ? ' buckets' : ''}`;
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { ...parts, match, errors, by, text, id, panes: null };
}

function sortMatchers(matchers: readonly Matcher[]): readonly Matcher[] {
  return [...matchers].sort(
    (a, b) =>
      byCodeUnits(a.label, b.label) || byCodeUnits(a.operator, b.operator) || byCodeUnits(a.value, b.value),
  );
}

const matcherText = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(({ label, operator, value }) => `${label}${operator}"${escapeValue(value)}"`).join(',')}}`;
