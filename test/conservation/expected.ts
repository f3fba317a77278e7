import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { PartitionModel } from './counting.js';
import { judgeGroup } from './judging.js';
import type { Log } from './logs.js';
import { lie } from './lying.js';
import { NONE, plus, type Seen, type Sums } from './records.js';
import { rules } from './rules.js';
import { windowRecord } from './saying.js';
import { judged, type Labels, type PlainSelection, selections, textOf } from './selections.js';
import { revisionOf, slaOf } from './sla.js';
import { Total } from './splitting.js';

export interface Expected {
  readonly partitions: readonly PartitionModel[];
  readonly windows: WindowRecord[];
  readonly alerts: AlertRecord[];
  /** By selection: all that counters grew by, less what was late and what lies in windows that are open. */
  readonly kept: ReadonlyMap<string, Total>;
}

/** docs/semantics.md, once more, over a whole log; in no order. */
export function model(log: Log, seen: Seen): Expected {
  const partitions = Array.from({ length: log.partitions }, () => new PartitionModel(log, seen));
  const offsets = partitions.map(() => 0);
  for (const entry of log.entries) {
    partitions[entry.partition]?.take(entry, offsets[entry.partition] ?? 0);
    offsets[entry.partition] = (offsets[entry.partition] ?? 0) + 1;
  }
  const kept = new Map(selections.map(({ id }) => [id, new Total()]));
  const expected: Expected = { partitions, windows: [], alerts: [], kept };
  for (const selection of selections) {
    const { id } = selection;
    for (const { splitting } of partitions) {
      kept.get(id)?.add(splitting.grown.get(id)?.count ?? 0, splitting.grown.get(id)?.sum ?? 0);
      kept.get(id)?.add(-(splitting.lost.get(id)?.count ?? 0), -(splitting.lost.get(id)?.sum ?? 0));
    }
    judge(selection, expected, { revision: revisionOf(slaOf(log)), seen });
  }
  return expected;
}

/** All that rules make of the windows, or panes, of a selection. */
function judge(
  selection: PlainSelection,
  expected: Expected,
  { revision, seen }: { readonly revision: string; readonly seen: Seen },
): void {
  const { partitions, windows, alerts } = expected;
  const { window, grace } = selection;
  const watermark = Math.min(...partitions.map((one) => one.watermark));
  const closedEnd = Math.floor((watermark - grace) / window) * window;
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const groups = new Map<string, Labels>(partitions.flatMap(({ splitting }) => [...splitting.groups]));
  for (const [text, group] of groups) {
    const merged = merge(selection, text, expected, closedEnd);
    if (merged.size === 0) continue;
    for (const user of judged.filter((one) => (one.panes ?? one).id === selection.id)) {
      const instants = lie(user, merged, closedEnd);
      for (const instant of instants)
        if (instant.sums) windows.push(windowRecord(user, group, instant, instant.sums));
      for (const rule of rules.filter((one) => one.selection.id === user.id))
        alerts.push(...judgeGroup(rule, { group, revision, panes: merged }, instants, note));
    }
  }
}

/** The group's windows that closed, by start; what lies in others was not kept. */
function merge(
  { id, window }: PlainSelection,
  text: string,
  { partitions, kept }: Expected,
  closedEnd: number,
): Map<number, Sums> {
  const merged = new Map<number, Sums>();
  for (const { splitting } of partitions) {
    for (const [start, sums] of splitting.windows.get(id)?.get(text) ?? []) {
      if (start + window <= closedEnd) merged.set(start, plus(merged.get(start) ?? NONE, sums));
      else kept.get(id)?.add(-sums.requests, -sums.latencySum);
    }
  }
  return merged;
}

/** When a window, or a session, was over, and when it closed. */
function times(selection: PlainSelection | undefined, start: number, end: number): number[] {
  const { gap, window = 0, grace = 0 } = selection ?? {};
  const at = gap === undefined || start === end ? end : Math.min(end + gap, start + window);
  return [at + grace, at];
}

/** In the order that docs/semantics.md asks for. */
const inOrder = <T>(records: readonly T[], key: (record: T) => readonly (number | string)[]): T[] =>
  records
    .map((record) => ({ record, key: key(record) }))
    .sort((a, b) => {
      const at = a.key.findIndex((value, i) => value !== b.key[i]);
      return at < 0 ? 0 : (a.key[at] ?? 0) < (b.key[at] ?? 0) ? -1 : 1;
    })
    .map(({ record }) => record);

export const windowsInOrder = (windows: readonly WindowRecord[]): WindowRecord[] =>
  inOrder(windows, ({ start, end, selection, group }) => {
    const one = judged.find(({ id }) => id === selection);
    return [...times(one, start, end), selection, textOf(group)];
  });

export const alertsInOrder = (alerts: readonly AlertRecord[]): AlertRecord[] =>
  inOrder(alerts, ({ windowStart, windowEnd, alert, severity, labels: { route } }) => {
    const rule = rules.find((one) => one.alert === alert && one.severity === severity);
    const group = route === undefined ? {} : { route };
    return [...times(rule?.selection, windowStart, windowEnd), rule?.name ?? alert, textOf(group)];
  });
