import { expect, test } from 'vitest';
import { table } from './table.js';

test('columns are as wide as what is in them, numbers stand to the right, nothing trails', () => {
  const columns = [{ title: 'RULE' }, { title: 'N', right: true as const }, { title: 'PEAK' }];
  const rows = [
    ['Slow', '10', '412ms'],
    ['SlowerThanUsual', '9', ''],
  ];
  expect(table(columns, rows)).toEqual([
    'RULE              N  PEAK',
    'Slow             10  412ms',
    'SlowerThanUsual   9',
  ]);
});
