import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { joinGroup } from './group.js';

/** A consumer that joins whenever it runs, and crashes when it is told to. */
function harness(connect: () => Promise<void> = async () => undefined) {
  const listeners = new Map<string, (event: object) => void>();
  let running = 0;
  const emit = (name: string, payload: object): void => listeners.get(name)?.({ payload });
  const consumer = {
    events: { GROUP_JOIN: 'join', CRASH: 'crash', HEARTBEAT: 'heartbeat' },
    on: (name: string, listener: (event: object) => void) => {
      const before = listeners.get(name);
      listeners.set(name, (event) => {
        before?.(event);
        listener(event);
      });
    },
    connect,
    disconnect: async () => undefined,
    subscribe: async () => undefined,
    pause: () => undefined,
    run: async () => {
      running++;
      emit('join', { memberAssignment: {} });
    },
  };
  const crashes: Error[] = [];
  const joining = joinGroup({
    kafka: { consumer: () => consumer } as unknown as Kafka,
    groupId: 'group',
    topic: 'topic',
    own: () => expect.unreachable('nothing is assigned'),
    onAssigned: () => undefined,
    onCrash: (error) => crashes.push(error),
    clock: () => 0,
    warn: () => undefined,
    pause: async () => undefined,
  });
  /** As the client crashes where a retry has wrapped what it takes for final. */
  const crash = (type: string): void => {
    const cause = Object.assign(new Error(`the broker says ${type}`), { type, retriable: false });
    emit('crash', { error: Object.assign(new Error(cause.message), { cause }), restart: false });
  };
  return { joining, crash, crashes, running: () => running };
}

test.each(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'GROUP_COORDINATOR_NOT_AVAILABLE'])(
  'a member joins again after %s',
  async (type) => {
    const { joining, crash, crashes, running } = harness();
    const membership = await joining;
    crash(type);
    await expect.poll(running).toBe(2);
    expect(crashes).toEqual([]);
    await membership.leave();
  },
);

test('a member that leaves while it joins again is in no group afterwards', async () => {
  const gates: (() => void)[] = [];
  const { joining, crash, running } = harness(() => new Promise((resolve) => gates.push(resolve)));
  gates.pop()?.();
  const membership = await joining;
  crash('ILLEGAL_GENERATION');
  await expect.poll(() => gates.length).toBe(1);
  await membership.leave();
  gates.pop()?.();
  await new Promise(setImmediate);
  expect(running()).toBe(1);
});

test('a member without the right to be one says what, where and the way out', async () => {
  const { joining, crash, crashes, running } = harness();
  const membership = await joining;
  crash('GROUP_AUTHORIZATION_FAILED');
  expect(crashes).toMatchObject([
    {
      code: 'Refused',
      retryable: false,
      message: expect.stringMatching(/^as a member of group on topic: .*FAILED \(give its user the right/),
    },
  ]);
  expect(running()).toBe(1);
  await membership.leave();
});
