import { describe, expect, test } from 'vitest';
import { acknowledgementOf, silenceOf } from './mark-requests.js';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const HOUR = 3_600_000;
const body = { match: 'Slow{route=~"/v.*"}', by: ' ada ', why: 'deploying', until: '4h' };

describe('a silence that is asked for', () => {
  test('begins now and ends so long after, with the name of the alert as a matcher', () => {
    expect(silenceOf(body, NOW)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      matchers: [
        { label: 'alertname', operator: '=', value: 'Slow' },
        { label: 'route', operator: '=~', value: '/v.*' },
      ],
      ...{ by: 'ada', why: 'deploying', from: NOW, until: NOW + 4 * HOUR },
    });
  });

  test('counts durations from its begin, and takes times', () => {
    expect(silenceOf({ ...body, from: '1h' }, NOW)).toMatchObject({
      from: NOW + HOUR,
      until: NOW + 5 * HOUR,
    });
    const until = '2026-02-01T01:00:00+01:00';
    expect(silenceOf({ ...body, until }, NOW)).toMatchObject({ from: NOW, until: NOW + 12 * HOUR });
  });

  test('has an id of its own, and the same one where all is the same', () => {
    const { id } = silenceOf(body, NOW);
    expect(silenceOf(body, NOW).id).toBe(id);
    expect(silenceOf(body, NOW + 1).id).not.toBe(id);
    expect(silenceOf({ ...body, why: 'x' }, NOW).id).not.toBe(id);
  });

  test.each<[unknown, string]>([
    [null, 'the body is no JSON object: send one with match, by, why, from, until'],
    [[body], 'the body is no JSON object'],
    [{ ...body, untill: '4h' }, 'there is no "untill": there are match, by, why, from, until'],
    [{ ...body, match: undefined }, 'match is missing: say which alerts, like {service="checkout"}'],
    [{ ...body, match: '{}' }, 'match is "{}", which is every alert: say which alerts'],
    [{ ...body, match: '{a=~".*"}' }, 'match is "{a=~".*"}", which is also alerts without these labels'],
    [{ ...body, match: '{a!="b"}' }, 'which is also alerts without these labels'],
    [
      { ...body, match: '{a' },
      'match: "{a" is no selector: write it like {service="checkout",status=~"5.."}',
    ],
    [{ ...body, match: '{a=~"("}' }, 'match: "(" is no regular expression'],
    [{ ...body, match: '{a=~"(a+)+b"}' }, 'match: "(a+)+b" repeats a group: list what it may be, like a|b'],
    [{ ...body, match: '{a=~"(a|b){9}c"}' }, 'repeats a group'],
    [{ ...body, match: '{a=~"(a)\\\\1"}' }, 'refers back to a group'],
    [{ ...body, match: '{a=~"(?=x)x"}' }, 'looks around'],
    [
      { ...body, match: '{a=~"a?a?a?a?b"}' },
      '"a?a?a?a?b" repeats 4 times: 3 at most, or write several matchers',
    ],
    [{ ...body, match: `{a=~"${'(|)'.repeat(60)}b"}` }, 'has too many ways through its groups'],
    [{ ...body, match: '{a=~"(b|c).*(d|e|f).*(g|h).*"}' }, 'has too many ways through its groups'],
    [{ ...body, match: `{a="${'x'.repeat(4_000)}"}` }, 'match has 4006 characters: 4000 at most'],
    [{ ...body, by: '  ' }, 'by is missing: say who you are, like "ada"'],
    [{ ...body, by: 7 }, 'by is no text: say who you are'],
    [{ ...body, by: 'x'.repeat(101) }, 'by has 101 characters: 100 at most'],
    [{ ...body, why: 'a\nb' }, 'why has a control character or line break: leave it out'],
    [{ ...body, why: undefined }, 'why is missing: say what you know of it, like "deploying 1.4"'],
    [
      { ...body, until: undefined },
      'until is missing: give a duration like 4h, or a time like 2026-01-31T12:00',
    ],
    [{ ...body, until: 'tomorrow' }, 'until is "tomorrow": give a duration like 4h'],
    [{ ...body, until: '2026-02-01' }, 'until is "2026-02-01": give a duration like 4h'],
    [{ ...body, until: 5 }, 'until is 5: give a duration'],
    [{ ...body, until: '0' }, 'until is "0", which is over before it begins'],
    [{ ...body, until: '2026-01-31T12:00:00Z' }, 'which is over before it begins'],
    [{ ...body, until: '366d' }, 'until is "366d": 1y from now at most'],
    [{ ...body, from: '364d', until: '2d' }, 'until is "2d": 1y from now at most'],
    [{ ...body, from: '2026-01-31T11:59:59Z' }, 'from lies in the past: leave it out, and it begins now'],
    [{ ...body, by: '', why: '' }, 'by is missing: say who you are, like "ada"; why is missing'],
  ])('is refused: %j', (given, message) => {
    expect(() => silenceOf(given, NOW)).toThrow(message);
  });

  test.each(['web-[0-9]+\\\\.(eu|us)', '[+*?{(]+', '(?:a|b)c', 'a|b|c|d', '(eu|us)-(a|b)-.*', '.*a.*'])(
    'may match "%s"',
    (regex) => {
      expect(silenceOf({ ...body, match: `{a="b",c=~"${regex}"}` }, NOW).matchers).toHaveLength(2);
    },
  );
});

describe('an acknowledgement', () => {
  test('lasts as long as the alert unless told otherwise', () => {
    expect(acknowledgementOf({ by: 'ada', why: 'on it' }, NOW)).toEqual({
      ...{ by: 'ada', why: 'on it', until: null, startsAt: null },
    });
    expect(acknowledgementOf({ by: 'ada', why: 'on it', until: '1h', startsAt: 5 }, NOW)).toMatchObject({
      ...{ until: NOW + HOUR, startsAt: 5 },
    });
  });

  test.each<[unknown, string]>([
    [{ by: 'ada' }, 'why is missing'],
    [
      { by: 'ada', why: 'x', startsAt: '5' },
      'startsAt is no time in ms: give that of the alert, or leave it out',
    ],
    [{ by: 'ada', why: 'x', match: '{a="b"}' }, 'there is no "match": there are by, why, until, startsAt'],
    [{ by: 'ada', why: 'x', until: '2026-01-31T11:00:00Z' }, 'which is over before it begins'],
  ])('is refused: %j', (given, message) => {
    expect(() => acknowledgementOf(given, NOW)).toThrow(message);
  });
});
