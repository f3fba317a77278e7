import type { DeadLetter } from '../../schemas/types.js';

/** A dead letter holds at most so much of a key, and of a value, bytes: with both it still is a message. */
const MOST_BYTES = 400_000;

/** A record may be as large as messages may be; quoted as a whole it would be too large, and block its partition. */
export function cutDeadLetter(letter: DeadLetter): DeadLetter {
  const { key, value, detail } = letter;
  const sizes = [key?.length ?? 0, value?.length ?? 0];
  if (Math.max(...sizes) <= MOST_BYTES) return letter;
  return {
    ...letter,
    key: key?.subarray(0, MOST_BYTES) ?? null,
    value: value?.subarray(0, MOST_BYTES) ?? null,
    detail: `${detail}; cut: its key had ${sizes[0]} bytes, its value ${sizes[1]}`,
  };
}
