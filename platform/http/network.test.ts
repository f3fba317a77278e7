import { expect, test } from 'vitest';
import { networkOf } from './network.js';

test.each([
  ['1.2.3.4', '1.2.3.4'],
  ['', ''],
  ['nonsense', 'nonsense'],
  ['2001:db8:0:1::1', '2001:db8:0:1'],
  ['2001:DB8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1'],
  ['::1', '0:0:0:0'],
  ['2001:db8::', '2001:db8:0:0'],
])('%j is of %j', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
