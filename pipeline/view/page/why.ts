import type { AlertRecord } from '../../../schemas/types.js';
import {
  arithmeticText,
  furtherConditions,
  methodText,
  ratesOf,
  resultText,
} from '../../model/alert-text.js';
import { formatDuration } from '../../model/durations.js';
import { valueText } from '../../model/format.js';
import { byId, el, link } from './dom.js';
import { ageText, groupLabel, ratioText, thresholdText, timeText } from './format.js';
import { getRules, type RuleStatus, ruleOf } from './rules.js';
import { getJson } from './stream.js';

export interface WhyOptions {
  readonly now: () => number;
  readonly onClose: () => void;
  /** Shows the windows of the alert's group. */
  readonly onWindows: (record: AlertRecord) => void;
}

interface Page {
  readonly transitions: readonly AlertRecord[];
}

interface RulesFile {
  readonly file: string;
  readonly text: string;
}

const DAY_MS = 86_400_000;
const LINES_AFTER = 12;

/** Everything that an alert says of itself, beside the rule that decided it and what became of it. */
export class Why {
  #shown: AlertRecord | null = null;
  #asking = new AbortController();

  constructor(readonly options: WhyOptions) {}

  get shown(): AlertRecord | null {
    return this.#shown;
  }

  show(record: AlertRecord | null): void {
    if (record === this.#shown) return;
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#shown = record;
    const panel = byId('why');
    panel.hidden = record === null;
    document.body.classList.toggle('explained', record !== null);
    if (record === null) {
      panel.replaceChildren();
      return;
    }
    const [rule, past] = [
      el('pre', { tabindex: 0, 'aria-label': 'the rule' }, '…'),
      el('ol', {}, el('li', {}, '…')),
    ];
    panel.replaceChildren(...this.#content(record, rule, past));
    void fill(rule, () => this.#ruleText(record));
    void fill(past, () => this.#past(record));
  }

  #content(record: AlertRecord, rule: HTMLElement, past: HTMLElement): HTMLElement[] {
    const { alert, state, severity, labels, annotations, rule: place } = record;
    const { onClose, onWindows } = this.options;
    const { runbook_url: runbook, ...texts } = annotations;
    const baseline = el('div', {}, ...this.#baseline(record, undefined));
    if (record.baseline) void this.#fillBaseline(baseline, record);
    return [
      el(
        'header',
        {},
        el('h2', { id: 'why-title' }, alert),
        el('button', { type: 'button', onclick: onClose, 'aria-label': 'close' }, '×'),
      ),
      el('p', { class: `state ${state}` }, el('b', {}, state), ` ${severity}, ${groupLabel(labels)}`),
      el('div', { id: 'marks' }),
      ...Object.values(texts).map((text) => el('p', {}, text)),
      ...(runbook ? [el('p', {}, 'Runbook: ', link(runbook))] : []),
      el('h3', {}, 'Why'),
      table(this.#reasons(record)),
      baseline,
      ...(record.context.length > 0 ? [el('h3', {}, 'Beside it'), table(contextRows(record))] : []),
      el('p', {}, el('button', { type: 'button', onclick: () => onWindows(record) }, 'Its windows')),
      el('h3', {}, `Rule, ${place.file}:${place.line}`),
      rule,
      el('h3', {}, 'What became of it in a day'),
      past,
      el('h3', {}, 'Labels'),
      table(Object.entries(labels)),
      el('p', { class: 'id' }, `id ${record.id}, revision ${place.revision}`),
    ];
  }

  #reasons(record: AlertRecord): [string, string][] {
    const { measure, value, requests, windowStart, windowEnd, startsAt, endsAt, reason } = record;
    const now = this.options.now();
    const rows: [string, string][] = [
      [measure, `${valueText(measure, value)} ${thresholdText(record)} ${ratioText(record)}`.trim()],
      ...conditionRows(record),
      ['requests', requests === null ? 'no data' : String(Math.round(requests * 100) / 100)],
      ['window', `${timeText(windowStart, now)} to ${timeText(windowEnd, now)}`],
      ['since', `${timeText(startsAt, now)}, ${ageText((endsAt ?? now) - startsAt)}`],
    ];
    if (reason !== null) rows.push(['ended', reason.replaceAll('_', ' ')]);
    return rows;
  }

  /** As far as the record says it, and, by a rule that is in use, how it came about. */
  #baseline({ measure, baseline, threshold }: AlertRecord, rule: RuleStatus | undefined): HTMLElement[] {
    if (baseline === null) return [];
    const { value, windows, frozenAt } = baseline;
    const held = frozenAt === null ? '' : `, held since ${timeText(frozenAt, this.options.now())}`;
    const method = rule ? methodText(rule.baseline) : '';
    const rows: [string, string][] = [
      ['baseline', `${valueText(measure, value)} over ${windows} windows${method}${held}`],
    ];
    const compared = rule?.condition.threshold;
    if (compared?.kind === 'baseline' && threshold !== null)
      rows.push(['threshold', arithmeticText(compared, measure, { baseline: value, threshold })]);
    return [table(rows)];
  }

  /** By another revision it may have come about otherwise: then the rule below is all that is known. */
  async #fillBaseline(place: HTMLElement, record: AlertRecord): Promise<void> {
    const rules = await getRules(this.#asking.signal).catch(() => []);
    const rule = ruleOf(rules, record);
    if (rule?.revision === record.rule.revision) place.replaceChildren(...this.#baseline(record, rule));
  }

  async #ruleText({ rule }: AlertRecord): Promise<readonly Node[]> {
    const { text } = await getJson<RulesFile>(
      `/api/v1/rules/${encodeURIComponent(rule.revision)}`,
      this.#asking.signal,
    );
    const lines = text.split('\n');
    const first = rule.line - 1;
    const behind = lines.findIndex((line, i) => i > rule.line - 1 && /^\s*-\s+alert\s*:/.test(line));
    const last = Math.min(behind < 0 ? lines.length : behind, rule.line + LINES_AFTER);
    return [document.createTextNode(lines.slice(first, last).join('\n').trimEnd())];
  }

  async #past({ labels, fingerprint }: AlertRecord): Promise<readonly Node[]> {
    const now = this.options.now();
    const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const query = new URLSearchParams({
      match: `{${matchers.join(',')}}`,
      from: new Date(now - DAY_MS).toISOString(),
      limit: '50',
    });
    const { transitions } = await getJson<Page>(`/api/v1/history?${query}`, this.#asking.signal);
    return transitions
      .filter((one) => one.fingerprint === fingerprint)
      .map((one) =>
        el(
          'li',
          {},
          `${timeText(one.windowEnd, now)} `,
          el('b', { class: one.state }, one.state),
          ` ${valueText(one.measure, one.value)} ${thresholdText(one)}`,
        ),
      );
  }
}

/** Puts in what is found, or why it cannot be. */
async function fill(element: HTMLElement, ask: () => Promise<readonly Node[]>): Promise<void> {
  try {
    element.replaceChildren(...(await ask()));
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return;
    element.replaceChildren(String(error instanceof Error ? error.message : error));
  }
}

/** Each of several conditions, and both windows of each burn rate. */
const conditionRows = (record: AlertRecord): [string, string][] => [
  ...furtherConditions(record).map((one): [string, string] => [`and ${one.measure}`, resultText(one)]),
  ...ratesOf(record).flatMap(({ long, short }) =>
    [long, short].map((one): [string, string] => [
      `burn over ${formatDuration(one.window)}`,
      resultText(one),
    ]),
  ),
];

const contextRows = ({ context }: AlertRecord): [string, string][] =>
  context.map(({ measure, value, baseline, ratio, rising }) => {
    const before = baseline === null ? '' : `${valueText(measure, baseline)} → `;
    const times = ratio === null ? '' : ` (${ratio.toFixed(2)}x${rising ? ', rising' : ''})`;
    return [measure, `${before}${valueText(measure, value)}${times}`];
  });

const table = (rows: readonly (readonly [string, string])[]): HTMLElement =>
  el('dl', {}, ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
