import { type Notice, nameOf } from './notice.js';
import type { Outcome } from './receiver.js';

export interface StandingOptions {
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly say: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** How it stands with a receiver: said once that it takes nothing, and once that it does again. */
export class Standing {
  /** `detail` is empty where it is known from before a restart alone. */
  #failing: { readonly since: number; readonly detail: string } | null = null;
  #refused = '';

  constructor(
    readonly name: string,
    readonly options: StandingOptions,
  ) {}

  /** Since when it has answered nothing, ms since the epoch; null while it answers. */
  get silentSince(): number | null {
    return this.#failing?.since ?? null;
  }

  /** It had answered nothing since then, when it was heard of last. */
  resume(since: number | null): void {
    this.#failing = since === null ? null : { since, detail: '' };
  }

  heard(outcome: Outcome): void {
    const { clock, say } = this.options;
    if (outcome.kind === 'failed') {
      const { detail } = outcome;
      if (this.#failing?.detail !== detail)
        say('warn', `${this.name} does not take alerts: ${detail}; trying again`);
      this.#failing = { since: this.#failing?.since ?? clock(), detail };
      return;
    }
    if (this.#failing)
      say(
        'info',
        `${this.name} answers again, after ${Math.round((clock() - this.#failing.since) / 1_000)} s`,
      );
    this.#failing = null;
  }

  /** It is not told of these again, or in vain. */
  gaveUp(notices: readonly Notice[], why: string): void {
    const what = notices.map((one) => `${nameOf(one)} ${one.status} ${one.fingerprint}`).join(', ');
    const told = `${this.name} did not take ${what}; ${why}`;
    // What is told again each minute is refused as often.
    if (told !== this.#refused) this.options.say('error', told);
    this.#refused = told;
  }
}
