import { setMaxListeners } from 'node:events';

/**
 * A signal that is aborted with any of the given ones, until it is disposed of. (Not `AbortSignal.any`:
 * on Node 20 the collector may take such a signal away, and its abort is never heard.)
 */
export function linkedAbort(
  ...signals: readonly AbortSignal[]
): Disposable & { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  // Many may listen at a time (one for each target, or follower), and each goes away again.
  setMaxListeners(0, controller.signal, ...signals);
  for (const signal of signals) {
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  const dispose = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, abort, [Symbol.dispose]: dispose };
}
