import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { measured } from '../model/measures.js';
import type { Rule, RuleSet } from '../model/rule.js';
import { groupText } from '../model/text.js';
import { sumsOf } from '../model/window-sums.js';

/** One alert that fired, from its first transition to its last. Times are ms since the epoch. */
export interface Episode {
  /** Of the transition to `firing`. */
  readonly id: string;
  /** Name of the rule: that of the alert; of an objective with the severity behind it. */
  readonly rule: string;
  readonly alert: string;
  readonly severity: string;
  /** As the alert has them. */
  readonly group: Readonly<Record<string, string>>;
  /** When its condition first held. */
  readonly startsAt: number;
  /** When it fired. */
  readonly from: number;
  /** When it was resolved; null where it fires at the end. */
  readonly until: number | null;
  readonly reason: string | null;
  readonly measure: string;
  readonly operator: string;
  /** The value furthest beyond, of the first condition; null where it was never told. */
  readonly peak: number | null;
  /** At which it fired; null without one. */
  readonly threshold: number | null;
}

type Open = { -readonly [K in keyof Episode]: Episode[K] };

type Labels = Readonly<Record<string, string>>;

/** The group of an alert of the rule: a label of the rule's own stands before one of the group's. */
export function groupOf({ selection: { by }, labels: own }: Rule, labels: Labels): Labels {
  const group: Record<string, string> = {};
  for (const name of by) {
    const value = own[name] ?? labels[name];
    if (value !== undefined && value !== '') group[name] = value;
  }
  return group;
}

/** Finds the rule of a transition: an objective has one for each severity. */
export function ruleFinder({ rules }: RuleSet): (record: AlertRecord) => Rule | undefined {
  const byAlert = new Map<string, Rule[]>();
  for (const rule of rules) byAlert.set(rule.alert, [...(byAlert.get(rule.alert) ?? []), rule]);
  return ({ alert, severity }) => {
    const own = byAlert.get(alert);
    return own?.find((rule) => rule.severity === severity) ?? own?.[0];
  };
}

/** Puts transitions together, with the peak of the windows between them; windows come before what they decide. */
export class Episodes {
  readonly #ruleOf: (record: AlertRecord) => Rule | undefined;
  readonly #bySelection = new Map<string, Rule[]>();
  readonly #open = new Map<string, Open>();
  readonly #all: Open[] = [];

  constructor(rules: RuleSet) {
    this.#ruleOf = ruleFinder(rules);
    for (const rule of rules.rules) {
      const { id } = rule.selection;
      this.#bySelection.set(id, [...(this.#bySelection.get(id) ?? []), rule]);
    }
  }

  /** Those that fired, by time, then rule and group. */
  get all(): readonly Episode[] {
    return this.#all.sort((a, b) => a.from - b.from || compare(keyOf(a), keyOf(b)));
  }

  takeWindow(window: WindowRecord): void {
    if (this.#open.size === 0) return;
    for (const rule of this.#bySelection.get(window.selection) ?? []) {
      const open = this.#open.get(keyOf({ rule: rule.name, group: groupOf(rule, window.group) }));
      if (!open) continue;
      const value = measured(rule.condition.measure, sumsOf(window), window.end - window.start);
      open.peak = further(open.operator, open.peak, value);
    }
  }

  takeAlert(record: AlertRecord): void {
    const rule = this.#ruleOf(record);
    if (!rule) return;
    const { alert, severity, measure, operator } = record;
    const group = groupOf(rule, record.labels);
    const key = keyOf({ rule: rule.name, group });
    if (record.state === 'firing') {
      const open: Open = {
        ...{
          id: record.id,
          rule: rule.name,
          alert,
          severity,
          group,
          startsAt: record.startsAt,
          from: record.windowEnd,
        },
        ...{ until: null, reason: null, measure, operator, peak: record.value },
        threshold: record.threshold,
      };
      this.#open.set(key, open);
      this.#all.push(open);
    } else if (record.state === 'resolved') {
      const open = this.#open.get(key);
      if (open) Object.assign(open, { until: record.windowEnd, reason: record.reason });
      this.#open.delete(key);
    }
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const keyOf = ({ rule, group }: Pick<Episode, 'rule' | 'group'>): string => `${rule}\n${groupText(group)}`;

/** Rule and group, as a text that is the same for the same two. */
export const episodeKey = keyOf;

function further(operator: string, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return operator.startsWith('<') ? Math.min(a, b) : Math.max(a, b);
}
