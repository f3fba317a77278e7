import { NONE, plus, type Sums } from './records.js';
import type { PlainSelection } from './selections.js';

/** docs/semantics.md, "Hopping windows" and "Sessions", once more: where windows lie, from all panes. */

const MINUTES = 60_000;
const HOURS = 60 * MINUTES;

/** A moment at which a group is looked at. */
export interface Instant {
  /** E: the window's end; of a session, when it was over. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
  /** Null without data. */
  readonly sums: Sums | null;
  /** Whether a session goes on there. */
  readonly open: boolean;
}

export type Panes = ReadonlyMap<number, Sums>;

/** Every moment at which a selection looks at a group, up to the newest pane that closed. */
export function lie(selection: PlainSelection, panes: Panes, closedEnd: number): readonly Instant[] {
  const every = (selection.panes ?? selection).window;
  const ends: number[] = [];
  for (let end = Math.min(...panes.keys()) + every; end <= closedEnd; end += every) ends.push(end);
  if (selection.gap !== undefined) return sessions({ ...selection, gap: selection.gap }, panes, ends);
  return ends.map((at) => ({ at, end: at, open: false, ...hopping(panes, { at, every }, selection.window) }));
}

/** The window of that length that ends there. */
export function hopping(
  panes: Panes,
  { at, every }: { readonly at: number; readonly every: number },
  window: number,
): Pick<Instant, 'start' | 'sums'> {
  const chunks = chunksOf(at, window, every);
  const sums = chunks.map(([from, to]) => sumOf(panes, { from, to, every })).reduce(plusOrNone, null);
  return { start: chunks[0]?.[0] ?? at, sums };
}

const floor = (at: number, length: number): number => Math.floor(at / length) * length;

/** What a window is added up from, in this order. */
function chunksOf(end: number, window: number, every: number): readonly (readonly [number, number])[] {
  const lengths = [every];
  if (window > 1 * HOURS && every % (5 * MINUTES) !== 0) lengths.unshift(5 * MINUTES);
  if (window > 24 * HOURS && every % HOURS !== 0) lengths.unshift(HOURS);
  const chunks: [number, number][] = [];
  let at = floor(end - window, lengths[0] ?? every);
  for (const length of lengths) for (; at + length <= end; at += length) chunks.push([at, at + length]);
  return chunks;
}

function sumOf(
  panes: Panes,
  { from, to, every }: { readonly from: number; readonly to: number; readonly every: number },
): Sums | null {
  let sums: Sums | null = null;
  for (let start = from; start < to; start += every) sums = plusOrNone(sums, panes.get(start) ?? null);
  return sums;
}

interface Session {
  readonly start: number;
  readonly end: number;
  readonly sums: Sums;
}

function sessions(
  { gap, window: max, panes: of }: PlainSelection & { readonly gap: number },
  panes: Panes,
  ends: readonly number[],
): readonly Instant[] {
  const every = of?.window ?? 0;
  const instants: Instant[] = [];
  let open: Session | null = null;
  for (const at of ends) {
    const pane = panes.get(at - every);
    if (pane && pane.requests > 0) open = grown(open, at - every, at, pane);
    if (open === null) instants.push({ at, start: at, end: at, sums: null, open: false });
    else if (at >= open.end + gap || at >= open.start + max) {
      instants.push({ at, ...open, open: false });
      open = null;
    } else instants.push({ at, start: at, end: at, sums: null, open: true });
  }
  return instants;
}

const grown = (open: Session | null, start: number, end: number, pane: Sums): Session => ({
  start: open?.start ?? start,
  end,
  sums: plus(open?.sums ?? NONE, pane),
});

const plusOrNone = (a: Sums | null, b: Sums | null): Sums | null => (b === null ? a : plus(a ?? NONE, b));
