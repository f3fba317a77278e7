import { linkedAbort } from '../../platform/linked-abort.js';
import { LogError } from '../../platform/log/event-log.js';
import type { Lease } from '../../platform/store/lease.js';

export interface ActiveOptions {
  readonly lease: Pick<Lease, 'take'>;
  /** What is one of several, for people: a spout, say. */
  readonly name: string;
  /** A new one for every term: what it knew before may be out of date. */
  readonly make: () => { run(signal: AbortSignal): Promise<void> };
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly say: (level: 'info' | 'warn', message: string) => void;
}

/** How often one that stands by asks for the lease, ms. */
const ASK_MS = 1_000;

/**
 * Of several of one name, the one that holds the lease is active. The lease keeps them from taking turns; that
 * nothing is written twice is for the log to see to, where the newest writer fences the others.
 */
export async function runActive(options: ActiveOptions, signal: AbortSignal): Promise<void> {
  const { lease, name, make, pause, say } = options;
  let told = '';
  const tell = (level: 'info' | 'warn', message: string): void => {
    if (message !== told) say(level, message);
    told = message;
  };
  while (!signal.aborted) {
    const held = await lease.take().catch((error: unknown) => {
      tell('warn', `asking to be the active ${name}: ${error instanceof Error ? error.message : error}`);
      return undefined;
    });
    if (held === null) tell('info', `another ${name} is active: standing by`);
    if (held) {
      tell('info', `this is the active ${name}`);
      try {
        using term = linkedAbort(signal, held.lost);
        await make().run(term.signal);
        if (!signal.aborted) tell('warn', 'the lease is lost');
      } catch (error) {
        if (!(error instanceof LogError && error.code === 'Fenced')) throw error;
        tell('warn', `another ${name} took over`);
      } finally {
        await held.release();
      }
    }
    await pause(ASK_MS, signal);
  }
}
