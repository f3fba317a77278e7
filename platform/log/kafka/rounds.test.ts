import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../event-log.js';
import { rounds, toMessages } from './rounds.js';

const sized = (bytes: number): LogRecord => ({ key: null, value: Buffer.alloc(bytes) });
const sizes = (records: readonly LogRecord[]): number[] => records.map(({ value }) => value.length);

describe('rounds', () => {
  test('keep what is small together, and the order of a partition', () => {
    const outputs = [0, 1].map((partition) => ({ topic: 't', partition, records: [sized(1), sized(2)] }));
    const [only, ...others] = rounds(outputs);
    expect(others).toEqual([]);
    expect(only?.outputs.map(({ partition, records }) => [partition, sizes(records)])).toEqual([
      [0, [1, 2]],
      [1, [1, 2]],
    ]);
  });

  test('cut a partition before its record batch becomes larger than 512 kB', () => {
    const records = Array.from({ length: 6 }, (_, i) => sized(200_000 + i));
    const cut = rounds([
      { topic: 't', partition: 0, records },
      { topic: 't', partition: 1, records: [sized(5)] },
    ]);
    expect(cut.map(({ outputs }) => outputs.map((one) => [one.partition, sizes(one.records)]))).toEqual([
      [
        [0, [200_000, 200_001]],
        [1, [5]],
      ],
      [[0, [200_002, 200_003]]],
      [[0, [200_004, 200_005]]],
    ]);
    expect(cut.map(({ firsts }) => firsts.get('t/0'))).toEqual([0, 2, 4]);
  });

  test('put together what goes to one place', () => {
    const outputs = [1, 2, 3].map((n) => ({ topic: 't', partition: n % 2, records: [sized(n)] }));
    expect(rounds(outputs).map((round) => round.outputs.map((one) => sizes(one.records)))).toEqual([
      [[1, 3], [2]],
    ]);
  });

  test('send a record that is larger alone', () => {
    const cut = rounds([{ topic: 't', partition: 0, records: [sized(1), sized(900_000), sized(2)] }]);
    expect(cut.map(({ outputs }) => sizes(outputs[0]?.records ?? []))).toEqual([[1], [900_000], [2]]);
  });

  test('are none where there is nothing', () => {
    expect(rounds([{ topic: 't', partition: 0, records: [] }])).toEqual([]);
    expect(toMessages([])).toEqual([]);
  });
});
