/** An answer is given again for so long unless said otherwise, ms. */
const FRESH_MS = 1_000;

/** Asks once for all who want to know at the same time, or shortly after. */
export class Fresh<T> {
  #known: { readonly value: T; readonly at: number } | null = null;
  #asking: Promise<T> | null = null;

  /** `monotonic` in ms. */
  constructor(
    readonly monotonic: () => number,
    readonly ask: () => Promise<T>,
    /** How long an answer is given again, ms. */
    readonly lasts = FRESH_MS,
  ) {}

  async get(): Promise<T> {
    if (this.#known !== null && this.monotonic() - this.#known.at <= this.lasts) return this.#known.value;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<T> {
    const value = await this.ask();
    this.#known = { value, at: this.monotonic() };
    return value;
  }
}
