import { expect, test } from 'vitest';
import { Absence } from './absence.js';

function harness() {
  const said: string[] = [];
  const time = { now: 0 };
  const absence = new Absence({ name: 'It', warn: (text) => said.push(text), clock: () => time.now });
  return { absence, said, time };
}

test('says that it is gone, once a minute how often it failed since, and when it is back', () => {
  const { absence, said, time } = harness();
  for (; time.now < 61_000; time.now += 1_000) absence.failed('gone');
  expect(said).toEqual(['gone', 'gone (and so 59 times more)']);
  absence.answered();
  absence.answered();
  expect(said.slice(2)).toEqual(['It answers again, after 61 s']);
});

test('says nothing where nothing failed, and says the next absence at once', () => {
  const { absence, said, time } = harness();
  absence.answered();
  expect(said).toEqual([]);
  absence.failed('gone');
  absence.failed('gone');
  absence.answered();
  time.now += 30_000;
  absence.failed('gone anew');
  expect(said).toEqual(['gone', 'It answers again, after 0 s', 'gone anew']);
});

test('is no louder where it comes and goes', () => {
  const { absence, said, time } = harness();
  for (; time.now < 30_000; time.now += 1_000) {
    absence.failed('gone');
    absence.answered();
  }
  expect(said).toEqual(['gone', 'It answers again, after 0 s']);
});
