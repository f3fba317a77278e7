import { expect, test } from 'vitest';
import { explain } from './failure.js';
import { HttpStatusError } from './follow.js';

const url = 'http://localhost:8080/api/v1/explain/x';
const way = 'is --url that of `tidemark view`, or of `tidemark up`?';

test('what is not there is told with what the answer says of it', () => {
  const body = JSON.stringify({ status: 404, detail: 'there is no alert x' });
  expect(explain(new HttpStatusError(url, 404, body))).toBe(
    `${url} answered 404: there is no alert x; ${way}`,
  );
});

test('of a server that is another one, where to ask is told alone', () => {
  expect(explain(new HttpStatusError(url, 404, '<html>'))).toBe(`${url} answered 404: ${way}`);
});
