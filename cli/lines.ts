/**
 * The lines of a text that comes in pieces, without their LF. (Not node's readline: it also breaks at
 * U+2028 and U+2029, which JSON has in its strings.)
 */
export async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const found = (rest + piece).split('\n');
    rest = found.pop() ?? '';
    yield* found;
  }
  if (rest !== '') yield rest;
}
