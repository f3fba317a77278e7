import { expect, test } from 'vitest';
import { differencesOf } from './same-job.js';

const sums = { requests: 10, latencySum: 0.3, samples: 2 };
const ours = { windows: new Map([['shop /pay 0', sums]]), alerts: ['shop /pay 30000 firing'] };

test('what another engine adds in another order is the same', () => {
  const theirs = { ...ours, windows: new Map([['shop /pay 0', { ...sums, latencySum: 0.1 + 0.2 }]]) };
  expect(differencesOf(ours, theirs)).toEqual([]);
});

test.each([
  ['a window more', { windows: new Map([...ours.windows, ['shop /pay 30000', sums]]) }, 'only there'],
  ['a window less', { windows: new Map() }, 'only here'],
  ['another sum', { windows: new Map([['shop /pay 0', { ...sums, requests: 10.001 }]]) }, '10.001'],
  ['a sample more', { windows: new Map([['shop /pay 0', { ...sums, samples: 3 }]]) }, '"samples":3'],
  ['another state', { alerts: ['shop /pay 30000 resolved'] }, 'resolved only there'],
  ['an alert twice', { alerts: [...ours.alerts, ...ours.alerts] }, '1 alert records here, 2 there'],
])('%s is told', (_, other, message) => {
  expect(differencesOf(ours, { ...ours, ...other }).join('; ')).toContain(message);
});
