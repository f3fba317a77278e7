import { expect, test } from 'vitest';
import { accessOf } from './access.js';

test.each([
  ['127.0.0.1', '', { kind: 'loopback' }],
  ['localhost', '', { kind: 'loopback' }],
  ['::1', '', { kind: 'loopback' }],
  ['0.0.0.0', 'none', { kind: 'open' }],
  ['0.0.0.0', 'local', { kind: 'loopback' }],
  ['0.0.0.0', 'a long enough one', { kind: 'token', token: 'a long enough one' }],
  ['127.0.0.1', 'a long enough one', { kind: 'token', token: 'a long enough one' }],
])('at %s with "%s"', (host, token, access) => {
  expect(accessOf({ host, token })).toEqual(access);
});

test.each([
  ['0.0.0.0', '', 'at 0.0.0.0 alerts can be seen by whoever reaches it: set TIDEMARK_TOKEN'],
  ['10.0.0.1', '', 'at 10.0.0.1 alerts can be seen'],
  ['127.0.0.1', 'short', 'it has 5 characters, at least 12 are needed'],
])('refuses %s with "%s"', (host, token, message) => {
  expect(() => accessOf({ host, token })).toThrow(message);
});
