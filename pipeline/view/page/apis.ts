import { statsColumns } from '../../model/stats-text.js';
import type { Statistics } from '../../stats/api-tally.js';
import { byId, el } from './dom.js';
import { ageText, timeText } from './format.js';
import { getJson } from './stream.js';

/** How the APIs of the watched services are used. */
export class Apis {
  #asking = new AbortController();

  constructor(readonly now: () => number) {}

  /** Asks for the time since so long ago; what is shown stays until it has come. */
  async show(since: string): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    try {
      this.#draw(await getJson<Statistics>(`/api/v1/stats?${new URLSearchParams({ since })}`, signal));
    } catch (error) {
      if (!signal.aborted)
        byId('apis-note').textContent = error instanceof Error ? error.message : String(error);
    }
  }

  #draw({ from, to, apis }: Statistics): void {
    const at = this.now();
    byId('apis-note').textContent =
      apis.length === 0
        ? 'No API was used in this time, as far as the log knows.'
        : `${timeText(from, at)} to ${timeText(to, at)}, ${ageText(to - from)}`;
    byId('api-table').replaceChildren(
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ...statsColumns.map(({ title, meaning, right }) =>
            el('th', { scope: 'col', title: meaning, class: right ? 'number' : null }, title),
          ),
        ),
      ),
      el(
        'tbody',
        {},
        ...apis.map((api) =>
          el(
            'tr',
            { class: api.serverErrors > 0 ? 'failing' : null },
            ...statsColumns.map(({ text, right }) => el('td', { class: right ? 'number' : null }, text(api))),
          ),
        ),
      ),
    );
  }
}
