import type { AlertRecord } from '../../../schemas/types.js';
import { byId, el } from './dom.js';
import { timeText } from './format.js';
import { endSilence, type ListedSilence, type MarkBook } from './marks.js';

export interface SilencesOptions {
  readonly now: () => number;
  readonly marks: MarkBook;
  /** The alerts that are pending or firing. */
  readonly active: () => readonly AlertRecord[];
}

const head = ['state', 'alerts', 'why', 'who', 'from', 'until', 'marks now', ''];

/** The silences, the newest first, and those that have ended. */
export class SilenceList {
  #drawn = '';

  constructor(readonly options: SilencesOptions) {}

  /** Stays as it is, with its focus, where nothing has changed. */
  draw(): void {
    const { silences, problem } = this.options.marks;
    byId('silences-note').textContent =
      problem ?? (silences.length === 0 ? 'Nobody has silenced anything of late.' : '');
    const counts = this.#counts();
    const now = JSON.stringify(silences.map(({ id, state, until }) => [id, state, until, counts.get(id)]));
    if (now === this.#drawn) return;
    this.#drawn = now;
    byId('silence-table').replaceChildren(
      el(
        'thead',
        {},
        el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text || el('i', {}, 'change')))),
      ),
      el('tbody', {}, ...silences.map((one) => this.#row(one, counts.get(one.id) ?? 0))),
    );
  }

  /** How many alerts each of them marks now, by id. */
  #counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const record of this.options.active())
      for (const { id } of this.options.marks.of(record).silences) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  #row(silence: ListedSilence, count: number): HTMLElement {
    const { state, match, why, by, from, until } = silence;
    const at = this.options.now();
    const marked = state === 'active' ? String(count) : '';
    const texts = [state, match, why, by, timeText(from, at), timeText(until, at), marked];
    const end = el('button', { type: 'button', onclick: () => void this.#end(silence) }, 'End now');
    return el(
      'tr',
      { class: state === 'expired' ? 'none' : null },
      ...texts.map((text) => el('td', {}, text)),
      el('td', {}, state === 'expired' ? null : end),
    );
  }

  async #end({ id }: ListedSilence): Promise<void> {
    try {
      await endSilence(id);
      await this.options.marks.ask();
    } catch (error) {
      byId('silences-note').textContent = error instanceof Error ? error.message : String(error);
    }
  }
}
