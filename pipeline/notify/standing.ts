import { type Notice, nameOf } from './notice.js';
import type { Outcome } from './receiver.js';

export interface StandingOptions {
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly say: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** How it stands with a receiver: said once that it takes nothing, and once that it does again. */
export class Standing {
  #failing: { readonly since: number; readonly detail: string } | null = null;
  #refused = '';

  constructor(
    readonly name: string,
    readonly options: StandingOptions,
  ) {}

  /** For how long it has taken nothing, ms. */
  failingFor(now: number): number {
    return this.#failing ? now - this.#failing.since : 0;
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
      say('info', `${this.name} answers again, after ${Math.round(this.failingFor(clock()) / 1_000)} s`);
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
