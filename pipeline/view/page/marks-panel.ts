import type { AlertRecord } from '../../../schemas/types.js';
import { formatAddress, home } from './address.js';
import { el } from './dom.js';
import { type MarkDialog, matchOf } from './mark-dialog.js';
import { acknowledgementText, keyOf, silenceText } from './mark-text.js';
import { acknowledgementUrl, endSilence, type MarkBook, send } from './marks.js';

export interface MarksPanelOptions {
  readonly now: () => number;
  readonly marks: MarkBook;
  readonly dialog: MarkDialog;
  /** The alert of a fingerprint as the board has it. */
  readonly find: (fingerprint: string) => AlertRecord | null;
  readonly onChosen: (fingerprint: string) => void;
}

/** What people and other alerts say of the alert that is explained, and what one may say. */
export class MarksPanel {
  constructor(readonly options: MarksPanelOptions) {}

  /** Into `#marks` of the panel, where there is one; stays as it is, with its focus, where nothing has changed. */
  draw(record: AlertRecord | null): void {
    const place = document.getElementById('marks');
    if (place === null || record === null) return;
    const key = `${record.id} ${keyOf(this.options.marks.of(record))}`;
    if (place.dataset.key === key) return;
    place.dataset.key = key;
    place.replaceChildren(...this.#content(record));
  }

  #content(record: AlertRecord): HTMLElement[] {
    const { now, marks, dialog } = this.options;
    const { silences, acknowledgement, inhibitedBy } = marks.of(record);
    const problem = el('p', { role: 'alert' });
    const button = (text: string, onclick: () => void): HTMLElement =>
      el('button', { type: 'button', onclick }, text);
    const undo = async (done: Promise<void>): Promise<void> => {
      try {
        await done;
        await marks.ask();
      } catch (error) {
        problem.replaceChildren(error instanceof Error ? error.message : String(error));
      }
    };
    const isActive = record.state === 'pending' || record.state === 'firing';
    return [
      ...inhibitedBy.map((fingerprint) => this.#inhibition(fingerprint)),
      ...silences.map((one) =>
        el(
          'p',
          {},
          el('mark', {}, 'silenced'),
          ` by ${silenceText(one, now())} `,
          button('End now', () => void undo(endSilence(one.id))),
        ),
      ),
      ...(acknowledgement
        ? [
            el(
              'p',
              {},
              el('mark', {}, 'acknowledged'),
              ` by ${acknowledgementText(acknowledgement, now())} `,
              button('Take back', () => void undo(send('DELETE', acknowledgementUrl(record.fingerprint)))),
            ),
          ]
        : []),
      el(
        'p',
        {},
        isActive && !acknowledgement ? button('Acknowledge…', () => dialog.acknowledge(record)) : null,
        ' ',
        button('Silence…', () => dialog.silence(matchOf(record))),
      ),
      problem,
    ];
  }

  /** Leads to the alert that says worse of the same. */
  #inhibition(fingerprint: string): HTMLElement {
    const { find, onChosen } = this.options;
    const onclick = (event: Event): void => {
      event.preventDefault();
      onChosen(fingerprint);
    };
    const href = formatAddress({ ...home, alert: fingerprint });
    const text = `${find(fingerprint)?.severity ?? 'worse'} alert of the same`;
    return el('p', {}, el('mark', {}, 'inhibited'), ' by the ', el('a', { href, onclick }, text));
  }
}
