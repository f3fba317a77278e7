import { describe, expect, test } from 'vitest';
import { inOrder, stepOf, traceLines } from './trace.js';

const T = Date.parse('2026-01-31T12:00:00.000Z');
const at = (ms: number): string => new Date(T + ms).toISOString();
const line = (ms: number, more: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ level: 30, time: at(ms), requestId: 'r1', ...more });
const steps = (...lines: readonly string[]) => lines.flatMap((text) => stepOf(text, 'r1') ?? []);

describe('a line of a log', () => {
  test('is a step of its request, which began so long before it was written', () => {
    const text = line(100, {
      component: 'vms',
      msg: 'upload taken',
      ms: 80,
      bytes: 7,
      video: 'v',
      user: null,
    });
    expect(stepOf(text, 'r1')).toEqual({
      ...{ from: T + 20, to: T + 100, component: 'vms', message: 'upload taken', level: 30 },
      fields: [
        ['bytes', '7'],
        ['video', 'v'],
      ],
    });
  });

  test.each([
    ['behind the name of a container', `vms-1  | ${line(0, { msg: 'm' })}`],
    ['with its time as a number', JSON.stringify({ time: T, requestId: 'r1', msg: 'm' })],
    ['of a trace with that id', JSON.stringify({ time: at(0), requestId: 'other', traceId: 'r1', msg: 'm' })],
  ])('is found %s', (_, text) => {
    expect(stepOf(text, 'r1')).toMatchObject({ from: T, message: 'm' });
  });

  test.each([
    ['of another request that mentions it', JSON.stringify({ time: at(0), requestId: 'r10', msg: 'r1' })],
    ['that is cut off', line(0, { msg: 'm' }).slice(0, -2)],
    ['that is no JSON', 'GET /r1'],
    ['that is no object', '"r1"'],
    ['without a time', JSON.stringify({ requestId: 'r1', msg: 'm' })],
  ])('is nothing %s', (_, text) => {
    expect(stepOf(text, 'r1')).toBeNull();
  });

  test('says what is not plain in quotes, and of an error its message', () => {
    const found = stepOf(line(0, { msg: 'm', why: 'no "room"', err: { message: 'gone', stack: 'x' } }), 'r1');
    expect(found?.fields).toEqual([
      ['why', '"no \\"room\\""'],
      ['err', '"gone"'],
    ]);
  });
});

test.each([
  ['\u009b31m', '"\\u009b31m"'],
  ['a\u202eb', '"a\\u202eb"'],
  ['\u001b[2J', '"\\u001b[2J"'],
])('a step says nothing to the terminal: %j', (said, shown) => {
  const found = stepOf(line(0, { msg: said, component: said, name: said }), 'r1');
  expect(found).toMatchObject({ component: shown, message: shown.slice(1, -1), fields: [['name', shown]] });
});

test('a time that is none is no step', () => {
  expect(stepOf(JSON.stringify({ time: 1e300, requestId: 'r1', msg: 'm' }), 'r1')).toBeNull();
});

describe('the path of a request', () => {
  const path = steps(
    line(12_500, { component: 'vps', msg: 'job done', ms: 12_000, video: 'v' }),
    line(90, { component: 'vms', msg: 'upload taken', ms: 70, bytes: 1234 }),
    line(100, { component: 'gateway', msg: 'request', method: 'POST', status: 202, ms: 100 }),
    line(500, { component: 'vps', msg: 'job started' }),
    line(12_600, { component: 'vms', msg: 'event applied', level: 40 }),
  );

  test('is told in the order in which the steps began, the longer first', () => {
    expect(traceLines(path)).toEqual([
      '2026-01-31T12:00:00.000Z, 5 steps in 12.6s',
      '  +0ms  100ms  gateway  request method=POST status=202',
      ' +20ms   70ms  vms      upload taken bytes=1234',
      '+500ms  12.0s  vps      job done video=v',
      '+500ms         vps      job started',
      '+12.6s         vms      ! event applied',
    ]);
  });

  test('does not depend on the order of the lines', () => {
    expect(inOrder([...path].reverse())).toEqual(inOrder(path));
  });
});
