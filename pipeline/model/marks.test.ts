import { describe, expect, test } from 'vitest';
import {
  type Acknowledgement,
  type AllMarks,
  inEffect,
  inhibitedBy,
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
  marksJson(
    markerOf(inEffect({ silences: [], acknowledgements: [], ...all }, now), [])({ ...alert, ...more }),
  );

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

describe('inhibition', () => {
  const of = (
    severity: string,
    state: Markable['state'],
    more: Readonly<Record<string, string>> = {},
  ): Markable => {
    const labels = { alertname: 'Slow', route: '/a', severity, ...more };
    return { fingerprint: Object.values(labels).join(' '), labels, startsAt: 0, state };
  };
  const [info, warning, critical] = [of('info', 'firing'), of('warning', 'firing'), of('critical', 'firing')];

  test.each<[string, readonly Markable[], Markable, readonly Markable[]]>([
    ['by what is worse of the same', [info, critical, warning], warning, [critical]],
    ['by all that is worse, in order', [warning, info, critical], info, [critical, warning]],
    ['not by what is less or alike', [info, warning, critical], critical, []],
    ['not by what is pending', [of('critical', 'pending')], warning, []],
    ['not by what has resolved', [of('critical', 'resolved')], warning, []],
    ['also of what is pending', [critical], of('warning', 'pending'), [critical]],
    ['not of what has resolved', [critical], of('warning', 'resolved'), []],
    ['not by another name', [of('critical', 'firing', { alertname: 'Down' })], warning, []],
    ['not by another group', [of('critical', 'firing', { route: '/b' })], warning, []],
    ['not by one with a label more', [of('critical', 'firing', { zone: 'eu' })], warning, []],
    [
      'an empty label is none',
      [of('critical', 'firing', { zone: '' })],
      warning,
      [of('critical', 'firing', { zone: '' })],
    ],
    ['not of a severity that is no other', [critical], of('none', 'firing'), []],
    ['not by one', [of('page', 'firing')], info, []],
  ])('%s', (_, active, one, by) => {
    expect(inhibitedBy(active)(one)).toEqual(by.map(({ fingerprint }) => fingerprint));
    const marks = markerOf({ silences: [], acknowledgements: [] }, active)(one);
    expect(marksJson(marks)).toEqual(by.length === 0 ? {} : { inhibitedBy: inhibitedBy(active)(one) });
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
