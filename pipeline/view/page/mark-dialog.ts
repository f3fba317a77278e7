import type { AlertRecord } from '../../../schemas/types.js';
import { groupText } from '../../model/text.js';
import { el } from './dom.js';
import { groupLabel } from './format.js';
import { acknowledgementUrl, send } from './marks.js';

type Choice = readonly [value: string, text: string];

const WHO = 'tidemark.who';
const CUSTOM = 'custom';
const UNTIL_IT_ENDS: Choice = ['', 'until it resolves'];
const durations: readonly Choice[] = [
  ['1h', 'for 1 hour'],
  ['4h', 'for 4 hours'],
  ['1d', 'for 1 day'],
  [CUSTOM, 'until …'],
];

interface Asked {
  readonly title: string;
  /** What is silenced; null where that is not asked for. */
  readonly match: string | null;
  readonly choices: readonly Choice[];
  readonly send: (said: Readonly<Record<string, string>>) => Promise<void>;
}

/** Asks who says what of alerts, and for how long. */
export class MarkDialog {
  constructor(readonly onDone: () => void) {}

  /** Of alerts with such labels; of any where there are none yet. */
  silence(match: string): void {
    open({
      title: 'Silence alerts',
      match,
      choices: durations,
      send: (said) => this.#done(send('POST', '/api/v1/silences', said)),
    });
  }

  acknowledge({ alert, labels, fingerprint, startsAt }: AlertRecord): void {
    open({
      title: `Acknowledge ${alert} ${groupLabel(labels)}`,
      match: null,
      choices: [UNTIL_IT_ENDS, ...durations],
      send: (said) => this.#done(send('PUT', acknowledgementUrl(fingerprint), { ...said, startsAt })),
    });
  }

  async #done(sent: Promise<void>): Promise<void> {
    await sent;
    this.onDone();
  }
}

/** The labels of an alert but its severity, which a rule may change while it is known. */
export function matchOf({ labels }: AlertRecord): string {
  const { severity: _, ...others } = labels;
  return groupText(others);
}

function open({ title, match, choices, send }: Asked): void {
  const which = el('input', { required: true, spellcheck: 'false', value: match });
  const who = el('input', { required: true, maxlength: 100, autocomplete: 'name', value: remembered() });
  const why = el('input', { required: true, maxlength: 1_000, autocomplete: 'off' });
  const length = el('select', {}, ...choices.map(([value, text]) => el('option', { value }, text)));
  const custom = el('input', { type: 'datetime-local', 'aria-label': 'until' });
  custom.hidden = true;
  length.addEventListener('change', () => {
    custom.hidden = length.value !== CUSTOM;
    custom.required = !custom.hidden;
  });
  const problem = el('p', { role: 'alert' });
  const save = el('button', {}, 'Save');
  const until = (): { readonly until?: string } => {
    if (!custom.hidden) return { until: new Date(custom.value).toISOString() };
    return length.value === '' ? {} : { until: length.value };
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    save.disabled = true;
    problem.replaceChildren();
    try {
      remember(who.value);
      const said = { by: who.value, why: why.value, ...until() };
      await send(match === null ? said : { match: which.value, ...said });
      dialog.close();
    } catch (error) {
      problem.replaceChildren(error instanceof Error ? error.message : String(error));
    } finally {
      save.disabled = false;
    }
  };
  const dialog = el(
    'dialog',
    { 'aria-labelledby': 'mark-title', onclose: () => dialog.remove() },
    el(
      'form',
      { onsubmit: (event) => void submit(event) },
      el('h2', { id: 'mark-title' }, title),
      match === null ? null : el('label', {}, 'Alerts ', which),
      el('label', {}, 'Who ', who),
      el('label', {}, 'Why ', why),
      el('label', {}, 'How long ', length),
      custom,
      problem,
      el('p', {}, el('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'), ' ', save),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  [which, who, why].find((field) => field.isConnected && field.value === '')?.focus();
}

/** Who said something last; nobody where the browser keeps nothing. */
function remembered(): string {
  try {
    return localStorage.getItem(WHO) ?? '';
  } catch {
    return '';
  }
}

function remember(who: string): void {
  try {
    localStorage.setItem(WHO, who);
  } catch {
    // It is asked for again.
  }
}
