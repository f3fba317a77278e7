import { type Episode, episodeKey } from './episodes.js';

/** What other rules make of an alert: it comes, goes, or has other times or another severity. */
export type Change =
  | { readonly change: 'comes'; readonly old: null; readonly new: Episode }
  | { readonly change: 'goes'; readonly old: Episode; readonly new: null }
  | { readonly change: 'changes'; readonly old: Episode; readonly new: Episode };

const endOf = ({ until }: Episode): number => until ?? Number.POSITIVE_INFINITY;
const meet = (a: Episode, b: Episode): boolean => a.startsAt <= endOf(b) && b.startsAt <= endOf(a);
const alike = (a: Episode, b: Episode): boolean =>
  a.from === b.from && a.until === b.until && a.severity === b.severity;

/** Compares what two rule files gave over the same data, both by time: docs/semantics.md, "Comparing rules". */
export function changesOf(before: readonly Episode[], after: readonly Episode[]): readonly Change[] {
  const waiting = new Map<string, Episode[]>();
  for (const one of after) {
    const key = episodeKey(one);
    const same = waiting.get(key);
    if (same) same.push(one);
    else waiting.set(key, [one]);
  }
  const changes: Change[] = [];
  for (const old of before) {
    const others = waiting.get(episodeKey(old)) ?? [];
    const at = others.findIndex((one) => meet(old, one));
    const [other] = at < 0 ? [] : others.splice(at, 1);
    if (other === undefined) changes.push({ change: 'goes', old, new: null });
    else if (!alike(old, other)) changes.push({ change: 'changes', old, new: other });
  }
  for (const rest of waiting.values())
    for (const one of rest) changes.push({ change: 'comes', old: null, new: one });
  const at = ({ old, new: other }: Change): number =>
    Math.min(old?.from ?? Infinity, other?.from ?? Infinity);
  return changes.sort((a, b) => at(a) - at(b));
}
