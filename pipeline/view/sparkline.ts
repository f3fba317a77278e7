import type { AlertRecord } from '../../schemas/types.js';
import { burnOf } from '../model/burn.js';
import { isMeasure, measured } from '../model/measures.js';
import type { Rule } from '../model/rule.js';
import { groupText } from '../model/text.js';
import { sumsOf } from '../model/window-sums.js';
import type { RecentWindows } from './recent-windows.js';

/** How a measure went in the windows before: end of each (ms since the epoch), and its value, null without one. */
export type Sparkline = readonly (readonly [end: number, value: number | null])[];

/** Of the group that an alert is about, the oldest window first; empty where none of its windows is kept. */
export function sparklineOf(recent: RecentWindows, alert: AlertRecord, rule: Rule | null): Sparkline {
  const { measure } = alert;
  if (rule === null || !isMeasure(measure)) return [];
  return recent.of(rule.selection.id, groupText(groupOf(alert, rule))).map((window) => {
    const sums = sumsOf(window);
    // Of an objective, how fast its shortest window burned: the others are not kept.
    const { objective } = rule;
    if (objective !== null) return [window.end, burnOf(objective, sums)];
    return [window.end, measured(measure, sums, window.end - window.start)];
  });
}

/** The labels by which its rule groups. */
export const groupOf = ({ labels }: AlertRecord, { selection }: Rule): Readonly<Record<string, string>> =>
  Object.fromEntries(selection.by.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
