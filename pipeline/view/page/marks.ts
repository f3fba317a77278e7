import type { AlertRecord } from '../../../schemas/types.js';
import {
  type Acknowledgement,
  type AllMarks,
  type Marks,
  markerOf,
  type Silence,
  type SilenceState,
} from '../../model/marks.js';
import { getJson } from './stream.js';

/** As the server lists it: whether it is in effect goes by the clock there. */
export interface ListedSilence extends Silence {
  /** Its matchers as a selector. */
  readonly match: string;
  readonly state: SilenceState;
}

/** What people say of alerts, as it was when the server was asked last. */
export class MarkBook {
  #silences: readonly ListedSilence[] = [];
  #said: AllMarks = { silences: [], acknowledgements: [] };
  #active: readonly AlertRecord[] = [];
  #marker = markerOf(this.#said, this.#active);
  #known = new WeakMap<AlertRecord, Marks>();
  #last = '';
  #problem: string | null = null;
  #asked = 0;
  #answered = 0;

  constructor(readonly onChange: () => void) {}

  get silences(): readonly ListedSilence[] {
    return this.#silences;
  }

  /** Why the server cannot say; null where it did. */
  get problem(): string | null {
    return this.#problem;
  }

  of(record: AlertRecord): Marks {
    const known = this.#known.get(record) ?? this.#marker(record);
    this.#known.set(record, known);
    return known;
  }

  readonly isSilenced = (record: AlertRecord): boolean => this.of(record).silences.length > 0;

  /** Takes the alerts that are active now: the worse inhibit the others. */
  takeActive(active: readonly AlertRecord[]): void {
    const isSame = active.length === this.#active.length && active.every((one, i) => one === this.#active[i]);
    if (isSame) return;
    this.#active = active;
    this.#forget();
  }

  async ask(): Promise<void> {
    const turn = ++this.#asked;
    const before = `${this.#problem} ${this.#last}`;
    try {
      const [silences, acknowledgements] = await Promise.all([
        getJson<readonly ListedSilence[]>('/api/v1/silences'),
        getJson<readonly Acknowledgement[]>('/api/v1/acknowledgements'),
      ]);
      // What was asked before the last change may come behind it.
      if (turn < this.#answered) return;
      this.#answered = turn;
      this.#problem = null;
      this.#take(silences, acknowledgements);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
    }
    if (before !== `${this.#problem} ${this.#last}`) this.onChange();
  }

  #take(silences: readonly ListedSilence[], acknowledgements: readonly Acknowledgement[]): void {
    const text = JSON.stringify([silences, acknowledgements]);
    if (text === this.#last) return;
    this.#last = text;
    this.#silences = silences;
    this.#said = { silences: silences.filter(({ state }) => state === 'active'), acknowledgements };
    this.#forget();
  }

  #forget(): void {
    this.#marker = markerOf(this.#said, this.#active);
    this.#known = new WeakMap();
  }
}

/** Changes something on the server; rejects with what it says for people. */
export async function send(method: 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown): Promise<void> {
  const sent =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(url, { method, ...sent });
  if (answer.ok) return;
  const { detail = `${url} answered ${answer.status}` } = (await answer.json().catch(() => ({}))) as {
    readonly detail?: string;
  };
  throw new Error(detail);
}

export const endSilence = (id: string): Promise<void> =>
  send('DELETE', `/api/v1/silences/${encodeURIComponent(id)}`);

export const acknowledgementUrl = (fingerprint: string): string =>
  `/api/v1/alerts/${encodeURIComponent(fingerprint)}/acknowledgement`;
