import { describe, expect, test } from 'vitest';
import { type BirthContext, type GoodScrape, type KeyedSample, startsOf } from './births.js';

const AT = 1_000_000;
const PREVIOUS = AT - 5_000;

const sample = (key: string, created: number | null = null): KeyedSample => ({
  key,
  name: key.split('{')[0] ?? key,
  labels: {},
  count: 1,
  sum: 1,
  type: 'cumulative',
  buckets: [],
  created,
});

const good = (
  series: Readonly<Record<string, number | null>>,
  processStart: number | null = null,
): GoodScrape => ({
  at: PREVIOUS,
  processStart,
  series: new Map(
    Object.entries(series).map(([key, start]) => [key, { family: key.split('{')[0] ?? key, start }]),
  ),
});

const never = (): number => Number.NEGATIVE_INFINITY;
const first = { at: AT, processStart: null, previous: null, counted: never, promised: AT - 300_000 };

describe('a series begins', () => {
  test.each<[string, KeyedSample, Partial<BirthContext>, number | null]>([
    ['at an unknown time in the first scrape of a target that does not say', sample('a{}'), {}, null],
    ['with its process in the very first scrape', sample('a{}'), { processStart: AT - 9_000 }, AT - 9_000],
    ['when it was created, in the very first scrape', sample('a{}', AT - 7_000), {}, AT - 7_000],
    [
      'at an unknown time, where it may have been counted since its process began',
      sample('a{}'),
      { processStart: AT - 9_000, counted: () => AT - 8_000 },
      null,
    ],
    [
      'with its process, where it can have been counted before that alone',
      sample('a{}'),
      { processStart: AT - 2_000, counted: () => AT - 8_000 },
      AT - 2_000,
    ],
    [
      'no earlier than what is promised, where its target is new and its process is not much older',
      sample('a{}'),
      { processStart: AT - 9_000, promised: AT - 4_000 },
      AT - 4_000,
    ],
    [
      'with its own scrape, where more than that is promised already',
      sample('a{}'),
      { processStart: AT - 9_000, promised: AT + 1_000 },
      AT,
    ],
    [
      'with its process, where that is too old to count',
      sample('a{}'),
      { processStart: AT - 301_000, promised: AT - 4_000 },
      AT - 301_000,
    ],
    ['never after its own scrape', sample('a{}'), { processStart: AT + 1 }, null],
    [
      "at its target's last good scrape, where that lacked it",
      sample('b{}'),
      { previous: good({ 'a{}': null }) },
      PREVIOUS,
    ],
    [
      'when it was created, where that is later',
      sample('b{}', AT - 1_000),
      { previous: good({ 'a{}': null }) },
      AT - 1_000,
    ],
    [
      'not before the last good scrape that lacked it, whatever it says',
      sample('b{}', AT - 60_000),
      { previous: good({ 'a{}': null }) },
      PREVIOUS,
    ],
    [
      'at an unknown time, where others of its family vanished in the same scrape',
      sample('a{x="2"}'),
      { previous: good({ 'a{x="1"}': null }) },
      null,
    ],
    [
      'as before, where nothing happened',
      sample('a{}'),
      { previous: good({ 'a{}': AT - 90_000 }) },
      AT - 90_000,
    ],
    [
      'anew with its process',
      sample('a{}'),
      { processStart: AT - 2_000, previous: good({ 'a{}': AT - 90_000 }, AT - 90_000) },
      AT - 2_000,
    ],
    [
      'anew when it was created anew',
      sample('a{}', AT - 3_000),
      { previous: good({ 'a{}': AT - 90_000 }) },
      AT - 3_000,
    ],
    [
      'as before, where its process start moved by a hair',
      sample('a{}'),
      { processStart: AT - 89_500, previous: good({ 'a{}': AT - 90_000 }, AT - 90_000) },
      AT - 90_000,
    ],
  ])('%s', (_, one, context, expected) => {
    const others = context.previous?.series.has('a{}') && one.key !== 'a{}' ? [sample('a{}')] : [];
    expect(startsOf([one, ...others], { ...first, ...context }).get(one.key)).toBe(expected);
  });
});
