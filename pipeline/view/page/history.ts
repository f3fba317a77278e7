import type { AlertRecord } from '../../../schemas/types.js';
import { valueText } from '../../model/format.js';
import { byId, el } from './dom.js';
import { type Filter, shown } from './filter.js';
import { groupLabel, ratioText, thresholdText, timeText } from './format.js';
import { getJson } from './stream.js';

export interface HistoryOptions {
  readonly now: () => number;
  readonly onChosen: (record: AlertRecord) => void;
}

interface Page {
  readonly transitions: readonly AlertRecord[];
  readonly next: string | null;
}

/** Transitions of the past, the newest first, page by page. */
export class History {
  #asking = new AbortController();

  constructor(readonly options: HistoryOptions) {}

  show(since: string, filter: Filter): void {
    this.#asking.abort();
    this.#asking = new AbortController();
    byId('transitions').replaceChildren();
    void this.#more(new URLSearchParams({ from: since, limit: '200', ...chosen(filter) }), shown(filter));
  }

  async #more(query: URLSearchParams, shows: (record: AlertRecord) => boolean): Promise<void> {
    const { signal } = this.#asking;
    const [list, more] = [byId('transitions'), byId('more')];
    more.replaceChildren(el('p', {}, 'reading …'));
    try {
      const { transitions, next } = await getJson<Page>(`/api/v1/history?${query}`, signal);
      list.append(...transitions.filter(shows).map((record) => this.#row(record)));
      if (next !== null) query.set('cursor', next);
      const again = el(
        'button',
        { type: 'button', onclick: () => void this.#more(query, shows) },
        'Older ones',
      );
      const none = list.childElementCount === 0 ? 'No transition in this time.' : 'That is all.';
      more.replaceChildren(next === null ? el('p', {}, none) : again);
    } catch (error) {
      if (!signal.aborted)
        more.replaceChildren(el('p', {}, error instanceof Error ? error.message : String(error)));
    }
  }

  #row(record: AlertRecord): HTMLElement {
    const { state, severity, alert, labels, measure, value, windowEnd } = record;
    const button = el(
      'button',
      { type: 'button', onclick: () => this.options.onChosen(record) },
      el('span', { class: 'time' }, timeText(windowEnd, this.options.now())),
      el('b', { class: state }, state),
      el('i', {}, severity),
      el('b', {}, alert),
      el('span', {}, groupLabel(labels)),
      el('span', {}, `${valueText(measure, value)} ${thresholdText(record)} ${ratioText(record)}`),
    );
    return el('li', {}, button);
  }
}

/** What the server chooses by; words are looked for here. */
const chosen = ({ states, severities }: Filter): Record<string, string> => ({
  ...(states.length > 0 ? { state: states.join(',') } : {}),
  ...(severities.length > 0 ? { severity: severities.join(',') } : {}),
});
