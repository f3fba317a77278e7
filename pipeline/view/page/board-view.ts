import type { AlertRecord } from '../../../schemas/types.js';
import { furtherConditions } from '../../model/alert-text.js';
import { valueText } from '../../model/format.js';
import type { Marks } from '../../model/marks.js';
import { byId, el } from './dom.js';
import { ageText, groupLabel, rateText, ratioText, thresholdText } from './format.js';
import { markRow } from './mark-text.js';
import { drawSpark, type Sparkline } from './spark.js';
import { getJson } from './stream.js';
import { VirtualList } from './virtual-list.js';

/** What else has to hold is said by the panel. */
function furtherText(record: AlertRecord): string {
  const { length } = furtherConditions(record);
  return length === 0 ? '' : ` and ${length} more`;
}

export interface BoardViewOptions {
  readonly now: () => number;
  readonly onChosen: (record: AlertRecord) => void;
  readonly marksOf: (record: AlertRecord) => Marks;
}

const SPARKS_EVERY_MS = 5_000;

/** The table of alerts, firing first. */
export class BoardView {
  readonly #list: VirtualList<AlertRecord>;
  readonly #sparks = new Map<string, Sparkline>();
  #chosen: string | null = null;
  #asking = false;
  #asked = 0;

  constructor(readonly options: BoardViewOptions) {
    this.#list = new VirtualList({
      frame: byId('alerts'),
      body: byId('alert-rows'),
      keyOf: ({ fingerprint }) => fingerprint,
      row: (record) => this.#row(record),
      onSeen: () => void this.#askSparks(true),
    });
  }

  get rows(): readonly AlertRecord[] {
    return this.#list.items;
  }

  show(rows: readonly AlertRecord[], chosen: string | null): void {
    this.#chosen = chosen;
    byId('alert-table').setAttribute('aria-rowcount', String(rows.length + 1));
    byId('nothing').hidden = rows.length > 0;
    this.#list.items = rows;
    for (const record of this.#list.seen) {
      const row = this.#list.rowOf(record.fingerprint);
      row?.classList.toggle('chosen', record.fingerprint === chosen);
      if (row) this.#mark(row, record);
    }
  }

  /** Moves the choice by so many rows. */
  step(by: number): void {
    const { rows } = this;
    const at = rows.findIndex(({ fingerprint }) => fingerprint === this.#chosen);
    const to = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by));
    const next = rows[to];
    if (!next) return;
    this.#list.show(to);
    // The next key may come before the next frame.
    this.#chosen = next.fingerprint;
    this.options.onChosen(next);
  }

  /** Ages grow each second; lines are asked for again where they may have gone on. */
  tick(): void {
    const now = this.options.now();
    for (const { fingerprint, startsAt, state } of this.#list.seen) {
      const age = this.#list.rowOf(fingerprint)?.querySelector('.age');
      if (age && (state === 'firing' || state === 'pending')) age.textContent = ageText(now - startsAt);
    }
    void this.#askSparks(false);
  }

  async #askSparks(missing: boolean): Promise<void> {
    const due = this.options.now() - this.#asked >= SPARKS_EVERY_MS;
    const wanted = this.#list.seen.filter(({ fingerprint }) => due || !this.#sparks.has(fingerprint));
    if (this.#asking || wanted.length === 0 || !(due || missing)) return;
    this.#asking = true;
    this.#asked = this.options.now();
    try {
      const query = new URLSearchParams(wanted.map(({ fingerprint }) => ['fingerprint', fingerprint]));
      const lines = await getJson<Readonly<Record<string, Sparkline>>>(`/api/v1/sparklines?${query}`);
      for (const record of wanted) {
        this.#sparks.set(record.fingerprint, lines[record.fingerprint] ?? []);
        this.#list.rowOf(record.fingerprint)?.querySelector('.line')?.replaceChildren(this.#spark(record));
      }
    } catch {
      // The banner says that the server is away; lines come with the next look.
    } finally {
      this.#asking = false;
    }
  }

  #spark(record: AlertRecord): Node {
    return drawSpark(this.#sparks.get(record.fingerprint) ?? [], record);
  }

  #row(record: AlertRecord): HTMLElement {
    const { fingerprint, state, severity, alert, labels, measure, value, startsAt, endsAt } = record;
    const age = (endsAt ?? this.options.now()) - startsAt;
    const cell = (name: string, ...children: readonly (Node | string)[]): HTMLElement =>
      el('td', { class: name }, ...children);
    const row = el(
      'tr',
      {
        class: `row ${state} ${severity}${fingerprint === this.#chosen ? ' chosen' : ''}`,
        'data-fingerprint': fingerprint,
        onclick: () => this.options.onChosen(record),
      },
      cell('state', el('b', {}, state), ' ', el('i', {}, severity)),
      cell('what', el('b', {}, alert), ' ', el('span', { title: groupLabel(labels) }, groupLabel(labels))),
      cell('value', el('b', {}, valueText(measure, value)), ' ', thresholdText(record), furtherText(record)),
      cell('ratio', ratioText(record)),
      cell('rate', rateText(record)),
      cell('age', ageText(age)),
      cell('line', this.#spark(record)),
    );
    this.#mark(row, record);
    return row;
  }

  #mark(row: HTMLElement, record: AlertRecord): void {
    markRow(row, this.options.marksOf(record), this.options.now());
  }
}
