import type { Codec } from '../../platform/codec/codec.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { scanSince } from '../follow/scan.js';
import { partitionOf } from '../model/murmur2.js';
import type { BaselineSettings, Compared, Rule } from '../model/rule.js';
import { groupText } from '../model/text.js';
import { topics } from '../stage/stage.js';
import type { AlertIndex } from './alert-index.js';
import { comparedOf, evidenceFrom, recompute } from './recompute.js';
import type { Recomputed } from './recomputed.js';
import { ruleBlock } from './rule-block.js';
import type { RuleTexts } from './rule-texts.js';
import { groupOf } from './sparkline.js';

export interface ExplainOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly alerts: AlertIndex;
  readonly rules: RuleTexts;
}

/** Of the first condition that compares with a baseline. */
export interface Comparison
  extends Pick<Compared, 'factor' | 'mads'>,
    Pick<BaselineSettings, 'method' | 'offset'> {
  readonly measure: string;
  /** What it came to in the record. */
  readonly threshold: number | null;
}

/** Everything that a decision used. */
export interface Explanation {
  readonly alert: AlertRecord;
  /** Its own lines of the rule file as it was then; null where that is not known any more. */
  readonly rule: string | null;
  /** The window that decided; null where it had no data, or is not in the log any more. */
  readonly window: WindowRecord | null;
  readonly recomputed: Recomputed | null;
  /** How the rule compares with a baseline; null where it does not, or is not known any more. */
  readonly compares: Comparison | null;
  /** Why it cannot be made again; null where it was. */
  readonly unknown: string | null;
  /** Of the same alert, the oldest first. */
  readonly transitions: readonly AlertRecord[];
}

const MOST_TRANSITIONS = 1_000;
const DAY_MS = 86_400_000;

/** Explains a transition, and makes its decision again from what is in the log; null where there is none of that id. */
export async function explain(id: string, options: ExplainOptions): Promise<Explanation | null> {
  const { alerts, rules } = options;
  const alert = await alerts.byId(id);
  if (alert === null) return null;
  const rule = await rules.ruleOf(alert);
  const from = rule === null ? alert.windowEnd - DAY_MS : Math.min(evidenceFrom(alert, rule), alert.startsAt);
  const transitions = await transitionsOf(alert, from, alerts);
  const text = await ruleLines(alert, rules);
  const told = { alert, rule: text, transitions };
  if (rule === null)
    return {
      ...told,
      window: null,
      recomputed: null,
      compares: null,
      unknown: 'the rule as it was then is not known any more',
    };
  const windows = await windowsOf(alert, rule, options);
  const window = windows.find(({ end }) => end === alert.windowEnd) ?? null;
  const known = { ...told, window, compares: comparisonOf(alert, rule) };
  const unmeasured = unmeasuredText(alert);
  if (unmeasured !== null) return { ...known, recomputed: null, unknown: unmeasured };
  const recomputed = recompute(alert, rule, { windows, transitions });
  const unknown = recomputed === null ? 'its window is not in the log any more' : null;
  return { ...known, recomputed, unknown };
}

/** Why there is nothing to make again; null where something was measured. */
function unmeasuredText({ reason, requests }: AlertRecord): string | null {
  if (reason === 'no_data' || reason === 'rule_changed')
    return 'nothing was measured: it ended for want of that';
  return requests === null ? 'nothing was measured: the rule is broken by that' : null;
}

function comparisonOf(alert: AlertRecord, rule: Rule): Comparison | null {
  const compared = comparedOf(rule);
  if (compared === null || compared.one.threshold.kind !== 'baseline') return null;
  const { factor, mads } = compared.one.threshold;
  const { method, offset } = rule.baseline;
  const { threshold = null } = compared.place === 0 ? alert : (alert.conditions[compared.place] ?? {});
  return { measure: compared.one.measure, factor, mads, method, offset, threshold };
}

/** Those of the same alert from that time on, and the one before, by which it is known what it was then. */
async function transitionsOf(
  alert: AlertRecord,
  from: number,
  alerts: AlertIndex,
): Promise<readonly AlertRecord[]> {
  const found: AlertRecord[] = [];
  const matches = ({ fingerprint }: AlertRecord): boolean => fingerprint === alert.fingerprint;
  for (let after: string | null = null; ; ) {
    const to = Number.POSITIVE_INFINITY;
    const page = await alerts.history({ from: 0, to, matches, limit: MOST_TRANSITIONS, after });
    for (const record of page.records) {
      found.push(record);
      if (record.windowEnd < from) return found.reverse();
    }
    if (page.next === null || found.length >= MOST_TRANSITIONS) return found.reverse();
    after = page.next;
  }
}

async function windowsOf(
  alert: AlertRecord,
  rule: Rule,
  { log, codec }: ExplainOptions,
): Promise<readonly WindowRecord[]> {
  const group = groupText(groupOf(alert, rule));
  const partition = partitionOf(group, await log.partitions(topics.windows));
  const from = evidenceFrom(alert, rule);
  const found: WindowRecord[] = [];
  const scanned = { topic: topics.windows, time: from, partition };
  for await (const { decoded } of scanSince(log, codec, scanned)) {
    const { type, value } = decoded;
    if (type !== 'WindowRecord' || value.selection !== rule.selection.id) continue;
    if (value.start >= from && value.end <= alert.windowEnd && groupText(value.group) === group)
      found.push(value);
  }
  return found;
}

async function ruleLines({ rule }: AlertRecord, rules: RuleTexts): Promise<string | null> {
  const text = (await rules.of(rule.revision))?.text;
  return text === undefined ? null : ruleBlock(text, rule.line);
}
