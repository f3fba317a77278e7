import { describe, expect, test } from 'vitest';
import { LogError } from '../../platform/log/event-log.js';
import type { Held } from '../../platform/store/lease.js';
import { runActive } from './active.js';

/** A lease that answers as it is told to: held, another's, or an error. */
function leases(...answers: ('held' | 'others' | 'down')[]) {
  const lost: AbortController[] = [];
  let released = 0;
  return {
    lost,
    released: () => released,
    take: async (): Promise<Held | null> => {
      const answer = answers.shift() ?? 'others';
      if (answer === 'down') throw new Error('the store is down');
      if (answer === 'others') return null;
      const controller = new AbortController();
      lost.push(controller);
      return { lost: controller.signal, release: async () => void released++ };
    },
  };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('one of several spouts', () => {
  /** Runs until the answers are used up. */
  const run = async (
    lease: ReturnType<typeof leases>,
    spouts: ((signal: AbortSignal) => Promise<void>)[],
  ): Promise<string[]> => {
    const stop = new AbortController();
    const said: string[] = [];
    await runActive(
      {
        lease,
        name: 'spout',
        make: () => ({ run: spouts.shift() ?? (() => Promise.reject(new Error('one spout too many'))) }),
        pause: async () => {
          if (said.at(-1)?.includes('standing by') && spouts.length === 0) stop.abort();
        },
        say: (level, message) => void said.push(`${level} ${message}`),
      },
      stop.signal,
    );
    return said;
  };

  test('stands by until it has the lease, and lets go of it when that is lost', async () => {
    const lease = leases('others', 'down', 'held');
    const said = await run(lease, [
      (signal) => {
        lease.lost[0]?.abort();
        return signal.aborted ? Promise.resolve() : untilAborted(signal);
      },
    ]);
    expect(said).toEqual([
      'info another spout is active: standing by',
      'warn asking to be the active spout: the store is down',
      'info this is the active spout',
      'warn the lease is lost',
      'info another spout is active: standing by',
    ]);
    expect(lease.released()).toBe(1);
  });

  test('asks for the lease again, with a spout that begins anew, where another took over', async () => {
    const lease = leases('held', 'held');
    const fenced = (): Promise<void> => Promise.reject(new LogError('Fenced', 'taken over'));
    expect(await run(lease, [fenced, () => Promise.resolve()])).toEqual([
      'info this is the active spout',
      'warn another spout took over',
      'info this is the active spout',
      'warn the lease is lost',
      'info another spout is active: standing by',
    ]);
  });

  test('gives the lease back where it cannot go on', async () => {
    const lease = leases('held');
    await expect(run(lease, [() => Promise.reject(new Error('no such topic'))])).rejects.toThrow(
      'no such topic',
    );
    expect(lease.released()).toBe(1);
  });
});
