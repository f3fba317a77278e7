import type { AlertRecord } from '../../../schemas/types.js';
import { byId, el, link } from './dom.js';
import { ageText, groupLabel, ratioText, thresholdText, timeText, valueText } from './format.js';
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
    const { measure, value, requests, windowStart, windowEnd, startsAt, endsAt, baseline, reason } = record;
    const now = this.options.now();
    const rows: [string, string][] = [
      [measure, `${valueText(measure, value)} ${thresholdText(record)} ${ratioText(record)}`.trim()],
      ['requests', requests === null ? 'no data' : String(Math.round(requests * 100) / 100)],
      ['window', `${timeText(windowStart, now)} to ${timeText(windowEnd, now)}`],
      ['since', `${timeText(startsAt, now)}, ${ageText((endsAt ?? now) - startsAt)}`],
    ];
    if (baseline) {
      const frozen = baseline.frozenAt === null ? '' : `, held since ${timeText(baseline.frozenAt, now)}`;
      const text = `${valueText(measure, baseline.value)} over ${baseline.windows} windows${frozen}`;
      rows.push(['baseline', text]);
    }
    if (reason !== null) rows.push(['ended', reason.replaceAll('_', ' ')]);
    return rows;
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

const contextRows = ({ context }: AlertRecord): [string, string][] =>
  context.map(({ measure, value, baseline, ratio, rising }) => {
    const before = baseline === null ? '' : `${valueText(measure, baseline)} → `;
    const times = ratio === null ? '' : ` (${ratio.toFixed(2)}x${rising ? ', rising' : ''})`;
    return [measure, `${before}${valueText(measure, value)}${times}`];
  });

const table = (rows: readonly (readonly [string, string])[]): HTMLElement =>
  el('dl', {}, ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
