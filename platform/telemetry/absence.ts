/** For so long what was said is not said again, ms. */
const AGAIN_MS = 60_000;
/** Who is gone again so soon has not come back, ms. */
const RECENT_MS = 10_000;

export interface AbsenceOptions {
  /** What is away. */
  readonly name: string;
  readonly warn: (message: string) => void;
  /** Monotonic, ms. */
  readonly clock: () => number;
}

/** Says once that something is away, then once a minute at most, and once that it is back. */
export class Absence {
  #since: number | null = null;
  #backAt = Number.NEGATIVE_INFINITY;
  #saidAt = Number.NEGATIVE_INFINITY;
  /** Whether it was said of this absence. */
  #said = false;
  #unsaid = 0;

  constructor(readonly options: AbsenceOptions) {}

  /** One more attempt failed. */
  failed(message: string): void {
    const { warn, clock } = this.options;
    const now = clock();
    const goesOn = this.#since !== null || now - this.#backAt < RECENT_MS;
    this.#since ??= now;
    if (goesOn && now - this.#saidAt < AGAIN_MS) {
      this.#unsaid++;
      return;
    }
    const more = goesOn && this.#unsaid > 0 ? ` (and so ${this.#unsaid} times more)` : '';
    this.#saidAt = now;
    this.#said = true;
    this.#unsaid = 0;
    warn(message + more);
  }

  answered(): void {
    if (this.#since === null) return;
    const { name, warn, clock } = this.options;
    const now = clock();
    if (this.#said) warn(`${name} answers again, after ${Math.ceil((now - this.#since) / 1000)} s`);
    this.#since = null;
    this.#said = false;
    this.#backAt = now;
  }
}
