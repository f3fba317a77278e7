import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type Access, guard } from './guard.js';

const TOKEN = 'spring-tide';
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

async function ask(access: Access, headers: Record<string, string>, method = 'GET'): Promise<number> {
  const app = new Hono();
  app.use(guard(access));
  app.all('/', (c) => c.text('in'));
  return (await app.request('/', { method, headers })).status;
}

describe('without a token, on loopback', () => {
  test.each([
    ['localhost', 200],
    ['localhost:8080', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example:8080', 403],
    ['', 403],
  ])('asked as "%s": %i', async (host, status) => {
    expect(await ask({ kind: 'loopback' }, { host })).toBe(status);
  });
});

describe('with a token', () => {
  test.each<[string, Record<string, string>, number]>([
    ['nothing', {}, 401],
    ['it as a bearer token', { authorization: `Bearer ${TOKEN}` }, 200],
    ['it as a password of anybody', { authorization: basic(`me:${TOKEN}`) }, 200],
    ['it as a password without a user', { authorization: basic(`:${TOKEN}`) }, 200],
    ['another', { authorization: 'Bearer neap-tide' }, 401],
    ['a beginning of it', { authorization: 'Bearer spring' }, 401],
    ['another password', { authorization: basic('me:neap-tide') }, 401],
    ['another scheme', { authorization: `Digest ${TOKEN}` }, 401],
    ['no more than a scheme', { authorization: 'Bearer' }, 401],
  ])('given %s', async (_, headers, status) => {
    expect(await ask({ kind: 'token', token: TOKEN }, { host: 'a.example', ...headers })).toBe(status);
  });
});

describe('a change', () => {
  test.each<[string, Record<string, string>, number]>([
    ['from no page', {}, 200],
    ['from a page of ours', { origin: 'http://localhost:8080' }, 200],
    ['from a page of another port', { origin: 'http://localhost:9090' }, 403],
    ['from a page of others', { origin: 'https://evil.example' }, 403],
    ['from a page without an origin', { origin: 'null' }, 403],
    ['by what a browser says of a page of ours', { 'sec-fetch-site': 'same-origin' }, 200],
    ['by what a browser says of nobody', { 'sec-fetch-site': 'none' }, 200],
    ['by what a browser says of another port', { 'sec-fetch-site': 'same-site' }, 403],
    ['by what a browser says of others', { 'sec-fetch-site': 'cross-site' }, 403],
  ])('%s', async (_, headers, status) => {
    const host = 'localhost:8080';
    for (const kind of ['loopback', 'open'] as const)
      expect(await ask({ kind }, { host, ...headers }, 'POST')).toBe(status);
    expect(await ask({ kind: 'open' }, { host, ...headers })).toBe(200);
  });
});

describe('what a page lets a browser ask for', () => {
  test.each<[string, string, number]>([
    ['same-origin', 'cors', 200],
    ['none', 'navigate', 200],
    ['cross-site', 'navigate', 200],
    ['cross-site', 'no-cors', 403],
    ['cross-site', 'cors', 403],
    ['same-site', 'no-cors', 403],
  ])('%s, %s: %i', async (site, mode, status) => {
    const headers = { host: 'localhost:8080', 'sec-fetch-site': site, 'sec-fetch-mode': mode };
    for (const kind of ['loopback', 'open'] as const)
      for (const method of ['GET', 'HEAD']) expect(await ask({ kind }, headers, method)).toBe(status);
  });
});

describe('a body', () => {
  test.each<[string, number]>([
    ['application/json', 200],
    ['Application/JSON; charset=utf-8', 200],
    ['application/json-seq', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['text/plain', 415],
    ['text/plain; application/json', 415],
  ])('of %s: %i', async (type, status) => {
    for (const access of [{ kind: 'open' }, { kind: 'token', token: TOKEN }] as const) {
      const headers = { host: 'a.example', authorization: `Bearer ${TOKEN}`, 'content-type': type };
      expect(await ask(access, headers, 'POST')).toBe(status);
      expect(await ask(access, headers)).toBe(200);
    }
  });
});
