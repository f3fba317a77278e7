import { expect, test } from 'vitest';
import { linkedAbort } from './linked-abort.js';

test('is aborted with any of its signals, and by itself', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  using linked = linkedAbort(a.signal, b.signal);
  expect(linked.signal.aborted).toBe(false);
  b.abort();
  expect([linked.signal.aborted, a.signal.aborted]).toEqual([true, false]);
  using late = linkedAbort(b.signal);
  expect(late.signal.aborted).toBe(true);
});

test('hears nothing once it is disposed of', () => {
  const a = new AbortController();
  const linked = linkedAbort(a.signal);
  linked[Symbol.dispose]();
  a.abort();
  expect(linked.signal.aborted).toBe(false);
});

test('is no leak where many listen, upstream and downstream', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const stop = new AbortController();
  const linked = Array.from({ length: 50 }, () => linkedAbort(stop.signal));
  for (let n = 0; n < 50; n++) linked[0]?.signal.addEventListener('abort', () => {});
  // Warnings come in a tick of their own.
  await new Promise(setImmediate);
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});
