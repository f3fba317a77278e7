import { describe, expect, test } from 'vitest';
import { gatewaySettings } from './gateway.js';

const { rateLimit, trustedProxies, drainWait } = gatewaySettings;

describe('settings of the gateway', () => {
  test.each([
    ['none', null],
    ['50', { perSecond: 50, burst: 100 }],
    ['0.1', { perSecond: 0.1, burst: 1 }],
    ['50/200', { perSecond: 50, burst: 200 }],
  ])('rate %s', (text, rate) => {
    expect(rateLimit.schema.parse(text)).toEqual(rate);
  });

  test.each(['', '0', '-1', '50/0', '50/', '/50', '50/s', 'off'])('%j is no rate', (text) => {
    const { error } = rateLimit.schema.safeParse(text);
    expect(error?.issues[0]?.message).toBe(
      `"${text}" is no rate: write it like 50, 50/200 (a second, and at once) or none`,
    );
  });

  test.each([
    ['none', []],
    ['10.0.0.1', ['10.0.0.1']],
    ['10.0.0.0/8, fd00::/8', ['10.0.0.0/8', 'fd00::/8']],
  ])('proxies %s', (text, all) => {
    expect(trustedProxies.schema.parse(text)).toEqual(all);
  });

  test.each(['', 'proxy', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.1:80', '10.0.0.1,'])(
    '%j is no list of proxies',
    (text) => {
      const { error } = trustedProxies.schema.safeParse(text);
      expect(error?.issues[0]?.message).toMatch(/ is no address or network: write it like 10\.0\.0\.0\/8/);
    },
  );

  test.each([
    ['0', 0],
    ['5s', 5_000],
    ['200ms', 200],
  ])('waits %s', (text, ms) => {
    expect(drainWait.schema.parse(text)).toBe(ms);
  });

  test.each(['', '-1s', '2d', 'soon'])('%j is nothing to wait', (text) => {
    expect(drainWait.schema.safeParse(text).error?.issues[0]?.message).toMatch(/.+, or 0$/);
  });
});
