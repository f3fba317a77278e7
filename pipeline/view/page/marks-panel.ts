import type { AlertRecord } from '../../../schemas/types.js';
import { el } from './dom.js';
import { type MarkDialog, matchOf } from './mark-dialog.js';
import { acknowledgementText, silenceText } from './mark-text.js';
import { acknowledgementUrl, endSilence, type MarkBook, send } from './marks.js';

export interface MarksPanelOptions {
  readonly now: () => number;
  readonly marks: MarkBook;
  readonly dialog: MarkDialog;
}

/** What people say of the alert that is explained, and what one may say. */
export class MarksPanel {
  constructor(readonly options: MarksPanelOptions) {}

  /** Into `#marks` of the panel, where there is one; stays as it is, with its focus, where nothing has changed. */
  draw(record: AlertRecord | null): void {
    const place = document.getElementById('marks');
    if (place === null || record === null) return;
    const { silences, acknowledgement } = this.options.marks.of(record);
    const key = `${record.id} ${silences.map(({ id }) => id)} ${acknowledgement?.at ?? ''}`;
    if (place.dataset.key === key) return;
    place.dataset.key = key;
    place.replaceChildren(...this.#content(record));
  }

  #content(record: AlertRecord): HTMLElement[] {
    const { now, marks, dialog } = this.options;
    const { silences, acknowledgement } = marks.of(record);
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
}
