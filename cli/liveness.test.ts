import { describe, expect, test } from 'vitest';
import { type EventLog, LogError, type OwnedPartition } from '../platform/log/event-log.js';
import { Liveness } from './liveness.js';

const LONGEST_MS = 1_000;

/** Liveness with a clock that stands still until it is told to go on. */
function patient() {
  let now = 0;
  const liveness = new Liveness(() => now, LONGEST_MS);
  const pass = (ms: number): void => {
    now += ms;
  };
  return { liveness, pass };
}

/** A partition whose calls answer when the test says so. */
function ownedPartition() {
  const lost = new AbortController();
  const waiting: { resolve(value: null): void; reject(error: Error): void }[] = [];
  const call = (): Promise<never> =>
    new Promise((resolve, reject) => waiting.push({ resolve, reject } as never));
  const owned = {
    ...{ topic: 'metrics', partition: 2, lost: lost.signal, position: 7 },
    ...{ committed: call, pull: call, commit: call },
  } as unknown as OwnedPartition;
  const log = {
    join: (_group: string, _topic: string, onAssigned: (one: OwnedPartition) => void) => {
      onAssigned(owned);
      return Promise.resolve({ member: true, leave: () => Promise.resolve() });
    },
  } as unknown as EventLog;
  return { log, lost, waiting };
}

describe('liveness', () => {
  test('has nothing to say of a process without loops, however long it waits for its start', () => {
    const { liveness, pass } = patient();
    pass(100 * LONGEST_MS);
    expect(liveness.stuck).toEqual([]);
  });

  test('names a loop that has not turned for too long, and takes it back when it turns again', () => {
    const { liveness, pass } = patient();
    const { signal } = new AbortController();
    const beat = liveness.watch('slow', signal);
    const other = liveness.watch('quick', signal);
    pass(LONGEST_MS);
    other();
    expect(liveness.stuck).toEqual([]);
    pass(1);
    expect(liveness.stuck).toEqual(['slow']);
    beat();
    expect(liveness.stuck).toEqual([]);
  });

  test('forgets a loop that has ended', () => {
    const { liveness, pass } = patient();
    const end = new AbortController();
    liveness.watch('ended', end.signal);
    end.abort();
    liveness.watch('late', end.signal);
    pass(LONGEST_MS + 1);
    expect(liveness.stuck).toEqual([]);
  });

  test('counts whoever is about to try again as alive', async () => {
    const { liveness, pass } = patient();
    liveness.watch('patient', new AbortController().signal);
    pass(LONGEST_MS + 1);
    await liveness.pause(0, new AbortController().signal);
    expect(liveness.stuck).toEqual([]);
  });

  test.each(['pull', 'commit', 'committed'] as const)(
    'a partition is alive when %s answers',
    async (call) => {
      const { liveness, pass } = patient();
      const { log, lost, waiting } = ownedPartition();
      let owned: OwnedPartition | null = null;
      await liveness.watched(log).join('aggregate', 'metrics', (one) => {
        owned = one;
      });
      const ask = (): Promise<unknown> =>
        call === 'pull'
          ? owned!.pull({ waitMs: 0 })
          : call === 'commit'
            ? owned!.commit([], { next: 1 })
            : owned!.committed();
      // An outage: the log says so, and is asked again.
      const first = ask();
      pass(LONGEST_MS + 1);
      expect(liveness.stuck).toEqual(['aggregate of metrics/2']);
      waiting[0]?.reject(new LogError('Unavailable', 'no broker answers', { retryable: true }));
      await expect(first).rejects.toThrow('no broker answers');
      expect(liveness.stuck).toEqual([]);
      // No answer at all.
      const second = ask();
      pass(LONGEST_MS + 1);
      expect(liveness.stuck).toEqual(['aggregate of metrics/2']);
      waiting[1]?.resolve(null);
      await second;
      expect(liveness.stuck).toEqual([]);
      pass(LONGEST_MS + 1);
      lost.abort();
      expect(liveness.stuck).toEqual([]);
    },
  );
});
