import { createRequire } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';
import { clusterOf, createClient, quietIdleConnections } from './client.js';

const require = createRequire(import.meta.url);

interface RequestQueue {
  pending: string[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

afterEach(() => vi.restoreAllMocks());

test('an idle connection arms no timer, and one with something waiting does', () => {
  quietIdleConnections();
  const Queue = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const armed = vi.spyOn(globalThis, 'setTimeout').mockReturnValue(0 as unknown as NodeJS.Timeout);
  const queue = Object.create(Queue.prototype) as RequestQueue;
  queue.pending = [];
  queue.throttledUntil = -1;
  queue.scheduleCheckPendingRequests();
  expect(armed).not.toHaveBeenCalled();
  queue.pending = ['a request'];
  queue.scheduleCheckPendingRequests();
  expect(armed).toHaveBeenCalledTimes(1);
  expect(armed.mock.calls[0]?.[1]).toBeGreaterThan(0);
});

test('the cluster behind a client can be had: the adapter is made for this version', () => {
  const cluster = clusterOf(createClient({ brokers: ['127.0.0.1:1'], warn: () => undefined }));
  for (const method of ['connect', 'findBroker', 'findLeaderForPartitions', 'refreshMetadata'] as const)
    expect(cluster[method]).toBeTypeOf('function');
});
