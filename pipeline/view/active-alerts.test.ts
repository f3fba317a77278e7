import { expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { ActiveAlerts } from './active-alerts.js';
import { SharedTopic } from './shared-topic.js';

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
  const patience = {
    pause: async () => undefined,
    warn: (text: string) => warnings.push(text),
    signal: stop.signal,
  };
  const active = new ActiveAlerts({
    ...{ log, signal: stop.signal, onFatal: (error) => expect.unreachable(String(error)) },
    topic: new SharedTopic({ log, codec: embeddedCodec(), topic: 'alerts', patience }),
  });
  void active.start();
  await expect.poll(() => pulls).toBeGreaterThan(1);
  await active.ended();
  expect(warnings).toEqual(['no broker; trying again']);
});

test('a log that refuses to be read is told, and ends nothing by itself', async () => {
  const refused = new LogError('Refused', 'no right to alerts');
  const log = {
    partitions: async () => 1,
    range: async () => ({ start: 0, end: 0 }),
    read: () => ({
      seek: () => undefined,
      pull: () => Promise.reject(refused),
      close: async () => undefined,
    }),
  } as unknown as EventLog;
  const told: unknown[] = [];
  const signal = new AbortController().signal;
  const patience = { pause: async () => undefined, warn: () => undefined, signal };
  const active = new ActiveAlerts({
    ...{ log, signal, onFatal: (error) => told.push(error) },
    topic: new SharedTopic({ log, codec: embeddedCodec(), topic: 'alerts', patience }),
  });
  await active.start();
  await active.ended();
  expect(told).toEqual([refused]);
});
