import { describe, expect, test } from 'vitest';
import {
  type Acknowledgement,
  type AllMarks,
  inEffect,
  type Markable,
  markerOf,
  marksJson,
  matchersText,
  type Silence,
  stateOfSilence,
} from './marks.js';

const NOW = 1_000;
const silence = (id: string, more: Partial<Silence> = {}): Silence => ({
  ...{ id, by: 'ada', why: 'deploying', from: NOW, until: NOW + 100 },
  matchers: [{ label: 'route', operator: '=', value: '/a' }],
  ...more,
});
const said: Acknowledgement = {
  fingerprint: 'f',
  startsAt: 500,
  by: 'bo',
  why: 'on it',
  at: 600,
  until: null,
};
const alert: Markable = {
  ...{ fingerprint: 'f', labels: { alertname: 'Slow', route: '/a' }, startsAt: 500, state: 'firing' },
};

const marksOf = (all: Partial<AllMarks>, more: Partial<Markable> = {}, now = NOW) =>
  marksJson(markerOf(inEffect({ silences: [], acknowledgements: [], ...all }, now))({ ...alert, ...more }));

describe('a silence', () => {
  test('is in effect from its begin, and not at its end', () => {
    const one = silence('s');
    expect([NOW - 1, NOW, NOW + 99, NOW + 100].map((now) => stateOfSilence(one, now))).toEqual([
      ...['pending', 'active', 'active', 'expired'],
    ]);
    expect(marksOf({ silences: [one] }, {}, NOW - 1)).toEqual({});
    expect(marksOf({ silences: [one] }, {}, NOW + 99)).toEqual({ silencedBy: ['s'] });
    expect(marksOf({ silences: [one] }, {}, NOW + 100)).toEqual({});
  });

  test('means alerts of all its matchers, whatever their state; an absent label is empty', () => {
    const both = silence('both', {
      matchers: [
        { label: 'route', operator: '=~', value: '/a|/b' },
        { label: 'zone', operator: '!=', value: 'eu' },
      ],
    });
    const silences = [both, silence('a')];
    expect(marksOf({ silences })).toEqual({ silencedBy: ['both', 'a'] });
    expect(marksOf({ silences }, { state: 'resolved' })).toEqual({ silencedBy: ['both', 'a'] });
    expect(marksOf({ silences }, { labels: { route: '/b' } })).toEqual({ silencedBy: ['both'] });
    expect(marksOf({ silences }, { labels: { route: '/a', zone: 'eu' } })).toEqual({ silencedBy: ['a'] });
    expect(marksOf({ silences }, { labels: { route: '/ab' } })).toEqual({});
  });
});

describe('an acknowledgement', () => {
  test.each<[string, Partial<Markable>, Partial<Acknowledgement>, boolean]>([
    ['of the alert', {}, {}, true],
    ['of it while it was pending', { state: 'pending' }, {}, true],
    ['of one that has resolved', { state: 'resolved' }, {}, false],
    ['of one before', { startsAt: 700 }, {}, false],
    ['of another alert', { fingerprint: 'g' }, {}, false],
    ['that ends later', {}, { until: NOW + 1 }, true],
    ['that ends now', {}, { until: NOW }, false],
  ])('%s', (_, more, ack, holds) => {
    const acknowledgements = [{ ...said, ...ack }];
    expect(marksOf({ acknowledgements }, more)).toEqual(holds ? { acknowledgedBy: 'bo' } : {});
  });
});

test('matchers are written as a selector', () => {
  const value = 'a "quoted" \\ word\nand a line';
  expect(
    matchersText([
      { label: 'a', operator: '=', value },
      { label: 'b', operator: '!~', value: '5..' },
    ]),
  ).toBe('{a="a \\"quoted\\" \\\\ word\\nand a line",b!~"5.."}');
});
