import { Observable, type OperatorFunction } from 'rxjs';
import type { SelectionJudging } from '../model/judging.js';
import type { Merging } from '../model/merging.js';
import type { PaneStore } from '../model/panes.js';
import { computed, everyOf } from '../model/selection.js';
import type { GroupWindow } from '../model/sums.js';
import { byCodeUnits } from '../model/text.js';
import { closedEnd, unitsOf } from '../model/windows.js';

/** A selection's window that closed; in order of group text, and empty where there is no data. */
export interface ClosedWindow {
  readonly judging: SelectionJudging;
  /** Of the window, where there is no data; ms. */
  readonly start: number;
  /** Of sessions, when they were over; ms. */
  readonly end: number;
  readonly groups: readonly GroupWindow[];
}

/** What closed at one (end + grace, end), in order of selection. */
export type ClosingStep = readonly ClosedWindow[];

export interface MergedState {
  readonly merging: Merging;
  /** In order of id. */
  readonly selections: readonly SelectionJudging[];
  /** Of the panes that windows are put together from. */
  readonly stores: readonly PaneStore[];
}

const nobody: readonly SelectionJudging[] = [];

/**
 * After each partial batch: closes what every source partition's watermark has passed, in order of
 * end + grace, end. Windows without data are walked through only while an alert of the selection is
 * active, which what follows decides (so each step is handed on before the next is looked for), or
 * where panes before them have data.
 */
export function closeMerged(state: () => MergedState): OperatorFunction<void, ClosingStep> {
  return (source) =>
    new Observable((subscriber) => {
      /** Where it was last: nothing more is due there. */
      let before = { watermark: Number.NEGATIVE_INFINITY, selections: nobody };
      return source.subscribe({
        next: () => {
          const { merging, selections } = state();
          const { watermark } = merging;
          if (watermark === Number.NEGATIVE_INFINITY) return;
          if (watermark !== before.watermark || selections !== before.selections) {
            closeDue(state(), (step) => subscriber.next(step));
            before = { watermark, selections };
          }
          merging.settle(watermark);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}

function closeDue(state: MergedState, emit: (step: ClosingStep) => void): void {
  const { merging, selections, stores } = state;
  const { watermark } = merging;
  const due = dueWindows(state);
  for (let step = nextStep(selections, due, watermark); step; step = nextStep(selections, due, watermark))
    emit(closeTogether(merging, step));
  for (const one of selections) {
    const { window, grace } = computed(one.selection);
    one.closedEnd = Math.max(one.closedEnd, closedEnd(watermark, window, grace));
  }
  for (const store of stores) store.check(merging, watermark);
}

interface Due {
  readonly judging: SelectionJudging;
  readonly end: number;
}

const closesAt = ({ judging, end }: Due): number => end + judging.selection.grace;

const inOrder = (a: Due, b: Due): number =>
  closesAt(a) - closesAt(b) || a.end - b.end || byCodeUnits(a.judging.selection.id, b.judging.selection.id);

/** Windows with data in their last pane that the watermark has passed, the next one last. */
function dueWindows({ merging, selections }: MergedState): Due[] {
  const { watermark } = merging;
  const byId = new Map<string, SelectionJudging[]>();
  for (const judging of selections) {
    const { id } = computed(judging.selection);
    const sharing = byId.get(id);
    if (sharing) sharing.push(judging);
    else byId.set(id, [judging]);
  }
  return merging
    .starts()
    .flatMap(({ selection, start }) =>
      (byId.get(selection) ?? []).map((judging) => ({ judging, end: start + everyOf(judging.selection) })),
    )
    .filter((due) => closesAt(due) <= watermark)
    .sort((a, b) => inOrder(b, a));
}

/** The next windows that close together: those with data, and those that are awaited without. */
function nextStep(selections: readonly SelectionJudging[], due: Due[], watermark: number): Due[] | null {
  const awaited = selections
    .map((judging) => ({ judging, end: judging.awaitedEnd }))
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

/** Panes are merged once, for all whose windows end with them. */
function closeTogether(merging: Merging, step: readonly Due[]): ClosingStep {
  const merged = new Map<string, readonly GroupWindow[]>();
  return step.map((due) => {
    const { judging, end } = due;
    const { id, window } = computed(judging.selection);
    const pane = merged.get(id) ?? merging.close(id, end - window, end);
    merged.set(id, pane);
    judging.closedEnd = Math.max(judging.closedEnd, end);
    const groups = close(merging, due, pane);
    return { judging, start: judging.startOf(end), end, groups: [...groups].sort(byText) };
  });
}

const byText = (a: GroupWindow, b: GroupWindow): number => byCodeUnits(a.text, b.text);

/** The groups with data in the window, in no order. */
function close(merging: Merging, due: Due, pane: readonly GroupWindow[]): readonly GroupWindow[] {
  const { judging, end } = due;
  const { id, window, grace } = computed(judging.selection);
  const { panes, sessions, above } = judging;
  const isUsed = (start: number): boolean => start + window + grace > above;
  if (panes === null)
    return isUsed(end - window) && merging.complete(id, end - window, end + grace) ? pane : [];
  if (end + grace > panes.takenUpTo) {
    panes.check(merging, end + grace);
    panes.take(pane);
    panes.trim(end);
  }
  const start = judging.startOf(end);
  if (sessions === null) {
    const units = unitsOf(judging.selection.window, window);
    return isUsed(start) && start >= panes.wholeFrom ? panes.windows({ start, end, units }) : [];
  }
  sessions.drop(panes.wholeFrom);
  if (isUsed(end - window) && end - window >= panes.wholeFrom) sessions.take(pane);
  return sessions.close(end);
}
