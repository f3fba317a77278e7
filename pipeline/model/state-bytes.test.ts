import { expect, test } from 'vitest';
import { StateReader, StateWriter } from './state-bytes.js';

const written = (writer: StateWriter, values: readonly string[]): Buffer => {
  writer.list(values, (value) => writer.text(value));
  return writer.finish();
};

const read = (state: Buffer): readonly string[] => {
  const reader = new StateReader(state);
  return reader.list(() => reader.text());
};

const many = Array.from({ length: 5_000 }, (_, i) => `group-${i}`);

test('a state stays as it was while others are written', () => {
  const first = written(new StateWriter(), many);
  const second = written(new StateWriter(), ['other']);
  expect([read(first), read(second)]).toEqual([many, ['other']]);
});

test('two states may be written at a time', () => {
  const [one, other] = [new StateWriter(), new StateWriter()];
  one.text('of one');
  other.text('of the other');
  one.u8(1);
  other.u8(2);
  const [ofOne, ofOther] = [one, other].map((writer) => new StateReader(writer.finish()));
  expect([ofOne?.text(), ofOne?.u8()]).toEqual(['of one', 1]);
  expect([ofOther?.text(), ofOther?.u8()]).toEqual(['of the other', 2]);
});
