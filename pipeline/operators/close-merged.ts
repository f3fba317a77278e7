import { Observable, type OperatorFunction } from 'rxjs';
import { type Buckets, fromRecord, shared } from '../model/buckets.js';
import type { SelectionJudging } from '../model/judging.js';
import type { Labels } from '../model/matcher.js';
import type { Merging, OpenGroup } from '../model/merging.js';
import type { Sums } from '../model/sums.js';
import { byCodeUnits } from '../model/text.js';
import { closedEnd } from '../model/windows.js';

/** A group's window, merged over all source partitions. */
export interface MergedWindow extends Sums {
  readonly text: string;
  readonly labels: Labels;
  readonly samples: number;
  readonly covered: boolean;
}

/** A selection's window that closed; in order of group text, and empty where there is no data. */
export interface ClosedWindow {
  readonly judging: SelectionJudging;
  readonly start: number;
  readonly end: number;
  readonly groups: readonly MergedWindow[];
}

/** What closed at one (end + grace, end), in order of selection. */
export type ClosingStep = readonly ClosedWindow[];

export interface MergedState {
  readonly merging: Merging;
  /** In order of id. */
  readonly selections: readonly SelectionJudging[];
}

/**
 * After each partial batch: closes what every source partition's watermark has passed, in order of
 * end + grace, end. Windows without data are walked through only while an alert of the selection is
 * active, which what follows decides: so each step is handed on before the next is looked for.
 */
export function closeMerged(state: () => MergedState): OperatorFunction<void, ClosingStep> {
  return (source) =>
    new Observable((subscriber) =>
      source.subscribe({
        next: () => {
          const { merging, selections } = state();
          const { watermark } = merging;
          if (watermark === Number.NEGATIVE_INFINITY) return;
          const due = dueWindows(state(), watermark);
          for (
            let step = nextStep(selections, due, watermark);
            step;
            step = nextStep(selections, due, watermark)
          ) {
            subscriber.next(step.map((one) => close(merging, one)));
          }
          for (const one of selections) {
            const { window, grace } = one.selection;
            one.closedEnd = Math.max(one.closedEnd, closedEnd(watermark, window, grace));
          }
          merging.settle(watermark);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
}

interface Due {
  readonly judging: SelectionJudging;
  readonly end: number;
}

const closesAt = ({ judging, end }: Due): number => end + judging.selection.grace;

const inOrder = (a: Due, b: Due): number =>
  closesAt(a) - closesAt(b) || a.end - b.end || byCodeUnits(a.judging.selection.id, b.judging.selection.id);

/** Windows with data that the watermark has passed, the next one last. */
function dueWindows({ merging, selections }: MergedState, watermark: number): Due[] {
  const byId = new Map(selections.map((judging) => [judging.selection.id, judging]));
  return merging
    .starts()
    .flatMap(({ selection, start }) => {
      const judging = byId.get(selection);
      return judging ? [{ judging, end: start + judging.selection.window }] : [];
    })
    .filter((due) => closesAt(due) <= watermark)
    .sort((a, b) => inOrder(b, a));
}

/** The next windows that close together: those with data, and those that an active alert waits for. */
function nextStep(selections: readonly SelectionJudging[], due: Due[], watermark: number): Due[] | null {
  const awaited = selections
    .filter(({ active }) => active)
    .map((judging) => ({ judging, end: judging.closedEnd + judging.selection.window }))
    .filter((one) => closesAt(one) <= watermark);
  const candidates = [...awaited, ...due.slice(-1)].sort(inOrder);
  const first = candidates[0];
  if (!first) return null;
  const together = (one: Due): boolean => closesAt(one) === closesAt(first) && one.end === first.end;
  const step = awaited.filter(together);
  while (due.length > 0 && together(due[due.length - 1] as Due)) {
    const one = due.pop() as Due;
    if (!step.some(({ judging }) => judging === one.judging)) step.push(one);
  }
  return step.sort(inOrder);
}

function close(merging: Merging, due: Due): ClosedWindow {
  const { judging, end } = due;
  const { id, window } = judging.selection;
  const start = end - window;
  const open = merging.close(id, start);
  judging.closedEnd = Math.max(judging.closedEnd, end);
  const formed = closesAt(due) > judging.above && merging.complete(id, start, closesAt(due));
  const groups = formed ? [...open].map(([text, group]) => merge(text, group)) : [];
  return { judging, start, end, groups: groups.sort((a, b) => byCodeUnits(a.text, b.text)) };
}

/** Sums left to right, by source partition. */
function merge(text: string, { labels, parts }: OpenGroup): MergedWindow {
  const merged = { text, labels, requests: 0, latencySum: 0, errors: 0, samples: 0, covered: false };
  let max: number | null = null;
  const buckets: Buckets[] = [];
  for (const part of parts) {
    if (!part) continue;
    merged.requests += part.requests;
    merged.latencySum += part.latencySum;
    merged.errors += part.errors;
    merged.samples += part.samples;
    merged.covered ||= part.covered;
    if (part.buckets !== null) buckets.push(fromRecord(part.buckets));
    if (part.max !== null) max = Math.max(max ?? part.max, part.max);
  }
  return { ...merged, buckets: shared(buckets), max };
}
