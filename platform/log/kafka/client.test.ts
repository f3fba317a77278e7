import { createRequire } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';
import { clusterOf, createClient, keepResponses, quietIdleConnections } from './client.js';

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

test('a response that comes as one piece is not copied', () => {
  keepResponses();
  interface Connection {
    chunks: Buffer[];
    processData(data: Buffer): void;
  }
  const Connection = require('kafkajs/src/network/connection') as { prototype: Connection };
  const payloads: Buffer[] = [];
  const connection: Connection = Object.assign(Object.create(Connection.prototype) as Connection, {
    ...{ chunks: [], bytesBuffered: 0, bytesNeeded: 4, authHandlers: null },
    requestQueue: { fulfillRequest: ({ payload }: { payload: Buffer }) => payloads.push(payload) },
  });
  const data = [1, 2].map((id) => Buffer.from([0, 0, 0, 6, 0, 0, 0, id, 1, 2]));
  for (const one of data) connection.processData(one);
  for (const one of data) one[8] = 9;
  expect(payloads).toEqual([Buffer.from([9, 2]), Buffer.from([9, 2])]);
  const both = Buffer.concat(data);
  for (const part of [both.subarray(0, 3), both.subarray(3, 14), both.subarray(14)])
    connection.processData(part);
  expect(payloads.slice(2)).toEqual([Buffer.from([9, 2]), Buffer.from([9, 2])]);
});
