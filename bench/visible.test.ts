import { describe, expect, test } from 'vitest';
import { delays } from './visible.js';

describe('the time until an alert is seen', () => {
  test('is that to the first sight of it behind its watermarks', () => {
    const sightings = [
      { fingerprint: 'a', at: 90 },
      { fingerprint: 'b', at: 101 },
      { fingerprint: 'a', at: 130 },
      { fingerprint: 'a', at: 500 },
    ];
    expect(
      delays(
        [
          { fingerprint: 'a', appended: 100 },
          { fingerprint: 'b', appended: 100 },
          { fingerprint: 'a', appended: 480 },
        ],
        sightings,
      ),
    ).toEqual([30, 1, 20]);
  });

  test('is no time where it was never seen', () => {
    expect(() => delays([{ fingerprint: 'a', appended: 100 }], [{ fingerprint: 'a', at: 90 }])).toThrow(
      'alert a was never seen',
    );
  });
});
