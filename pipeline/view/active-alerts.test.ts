import { expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { ActiveAlerts } from './active-alerts.js';

test('a log that cannot be reached for a while delays them, and ends nothing', async () => {
  const stop = new AbortController();
  const warnings: string[] = [];
  let pulls = 0;
  const log = {
    partitions: async () => 1,
    range: async () => ({ start: 0, end: 1 }),
    read: () => ({
      seek: () => undefined,
      close: async () => undefined,
      pull: async () => {
        if (++pulls === 1) throw new LogError('Unavailable', 'no broker', { retryable: true });
        stop.abort();
        return null;
      },
    }),
  } as unknown as EventLog;
  const active = new ActiveAlerts(log, embeddedCodec(), {
    pause: async () => undefined,
    warn: (text) => warnings.push(text),
    signal: stop.signal,
  });
  void active.start();
  await expect.poll(() => pulls).toBe(2);
  await active.ended();
  expect(warnings).toEqual(['no broker; trying again']);
});
