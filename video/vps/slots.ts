/** Lets so many go on at a time; the others wait in line. */
export class Slots {
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(readonly size: number) {}

  get taken(): number {
    return this.#taken;
  }

  /** Resolves to what gives the slot back; rejects when the signal is aborted before there is one. */
  async take(signal: AbortSignal): Promise<() => void> {
    while (this.#taken >= this.size) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    signal.throwIfAborted();
    this.#taken++;
    return () => {
      this.#taken--;
      // All look again: the first in line may have been aborted meanwhile.
      for (const wake of [...this.#waiting]) wake();
    };
  }
}
