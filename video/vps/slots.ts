/** Lets so many go on at a time; the others wait in line, and get their turn in order. */
export class Slots {
  /** Those in line; each is called when a slot is handed over to it. */
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(readonly size: number) {}

  get taken(): number {
    return this.#taken;
  }

  /** Resolves to what gives the slot back; rejects when the signal is aborted before there is one. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.size) this.#taken++;
    else await this.#turn(signal);
    let held = true;
    return () => {
      if (held) this.#giveBack();
      held = false;
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = (): void => {
        this.#waiting.delete(called);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(called);
        reject(signal.reason);
      };
      this.#waiting.add(called);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** A slot goes straight to the first in line: whoever comes just now cannot snatch it. */
  #giveBack(): void {
    const [first] = this.#waiting;
    if (first) first();
    else this.#taken--;
  }
}
