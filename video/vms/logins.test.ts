import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ada, basic, Driver } from './driver.fixture.js';
import { Logins } from './logins.js';
import { Passwords } from './passwords.js';

describe('logins', () => {
  let driver: Driver;
  let now: number;
  let derived: number;
  let logins: Logins;
  beforeEach(async () => {
    driver = await Driver.open();
    [now, derived] = [0, 0];
    const passwords = new Passwords(
      () => now,
      async (password, salt) => {
        derived++;
        return Buffer.alloc(32, password + salt);
      },
    );
    logins = new Logins({ directory: driver.directory, passwords, clock: () => now });
    const passwordHash = await passwords.hash(ada.password);
    await driver.directory.addUser({ id: 'u', name: ada.name, email: ada.email, passwordHash });
    derived = 0;
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  /** Whose login it is, false where it fails, or s to wait. */
  const login = (password = ada.password, { email = ada.email, address = '1.1.1.1' } = {}) =>
    logins.of({ authorization: basic(email, password).authorization, address }).then(
      (user) => user?.id ?? false,
      (error: { status: number; more: { headers: Record<string, string> } }) =>
        error.status === 429 ? Number(error.more.headers['retry-after']) : error,
    );
  const fail = async (times: number, more = {}): Promise<void> => {
    for (let i = 0; i < times; i++) expect(await login(`wrong ${i}`, more)).toBe(false);
  };

  test('say whose they are, and whose they would be', async () => {
    const of = async (authorization?: string) => {
      let claimed: string | null | undefined;
      const onClaim = (id: string | null): void => {
        claimed = id;
      };
      const user = await logins.of({ authorization, address: '', onClaim });
      return { user, claimed };
    };
    expect(await of(basic('ADA@example.org', ada.password).authorization)).toMatchObject({
      user: { id: 'u' },
      claimed: 'u',
    });
    expect(await of(basic(ada.email, 'wrong').authorization)).toEqual({ user: null, claimed: 'u' });
    expect(await of(basic('x@y.z', 'wrong').authorization)).toEqual({ user: null, claimed: null });
    for (const none of [undefined, '', 'Basic', 'Basic eA==', 'Bearer x', 'Basic \u{0}'])
      expect(await of(none)).toEqual({ user: null, claimed: undefined });
  });

  test.each([[ada.email], ['nobody@example.org']])(
    'of %s are tried ten times in 5 minutes, and again after',
    async (email) => {
      await fail(10, { email });
      now = 1_000;
      expect(await login('another', { email })).toBe(299);
      expect(await login('another', { email: email.toUpperCase() })).toBe(299);
      expect(derived).toBe(10);
      now = 300_000;
      expect(await login('another', { email })).toBe(false);
    },
  );

  test('that fail elsewhere, or of others, do not count', async () => {
    await fail(10);
    expect(await login()).toBe(300);
    expect(await login(ada.password, { address: '2.2.2.2' })).toBe('u');
    expect(await login('x', { email: 'bob@example.org' })).toBe(false);
  });

  test('that fail from one network of IPv6 count together, as one client has all of it', async () => {
    for (let i = 0; i < 10; i++) expect(await login(`wrong ${i}`, { address: `2001:db8::${i}` })).toBe(false);
    expect(await login('wrong', { address: '2001:db8::ffff' })).toBe(300);
    expect(await login(ada.password, { address: '2001:db8:0:1::1' })).toBe('u');
  });

  test('that are remembered pass, whatever fails meanwhile', async () => {
    expect(await login()).toBe('u');
    await fail(10);
    expect(await login('wrong')).toBe(300);
    expect(await login()).toBe('u');
  });

  test('that succeed count for nothing', async () => {
    await fail(9);
    expect([await login(), derived]).toEqual(['u', 10]);
    await fail(1);
    expect(await login('wrong')).toBe(300);
  });

  test('at once are no more guesses than one after the other', async () => {
    const guesses = await Promise.all(Array.from({ length: 50 }, (_, i) => login(`guess ${i}`)));
    expect(guesses.filter((one) => one === false)).toHaveLength(10);
    expect(derived).toBe(10);
  });
});
