import type { Waker } from './reader.js';

/** Those who wait for records, by partition. */
export class Wakers {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** `poll`: look again after so many ms at the latest, for what other processes append. */
  constructor(readonly poll: number) {}

  wake(topic: string, partition: number): void {
    const place = `${topic}/${partition}`;
    const waiting = this.#waiting.get(place);
    this.#waiting.delete(place);
    for (const resolve of waiting ?? []) resolve();
  }

  of(topic: string, partition: number): Waker {
    const place = `${topic}/${partition}`;
    return {
      wait: (ms, signal) => {
        let cancel: () => void = () => {};
        const woken = new Promise<void>((resolve) => {
          if (ms <= 0 || signal?.aborted) {
            resolve();
            return;
          }
          const waiting = this.#waiting.get(place) ?? new Set();
          this.#waiting.set(place, waiting);
          cancel = () => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', cancel);
            waiting.delete(cancel);
            resolve();
          };
          const timer = setTimeout(cancel, Math.min(ms, this.poll));
          signal?.addEventListener('abort', cancel, { once: true });
          waiting.add(cancel);
        });
        return { woken, cancel: () => cancel() };
      },
    };
  }
}
