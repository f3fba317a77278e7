import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { GROUPS, PARTITIONS, SERIES, Workload, type WorkloadOptions } from './workload.js';

const codec = embeddedCodec();
const usual: WorkloadOptions = { seed: 7, order: 'fixed', records: 3 * SERIES };

interface Appended {
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
}

function appended(options: WorkloadOptions): { workload: Workload; log: Appended[] } {
  const workload = new Workload(codec, options);
  const log: Appended[] = [];
  for (let parts = workload.next(); parts !== null; parts = workload.next()) {
    for (const { partition, records } of parts) {
      for (const { key, value } of records)
        log.push({ partition, key: Buffer.from(key ?? []).toString(), value: Buffer.from(value) });
    }
  }
  return { workload, log };
}

/** All that is appended, as one text to compare. */
const bytesOf = (options: WorkloadOptions): string => {
  const hash = createHash('sha256');
  for (const { partition, key, value } of appended(options).log)
    hash.update(`${partition} ${key}`).update(value);
  return hash.digest('hex');
};

describe('the workload of the benchmark', () => {
  test.each(['fixed', 'shuffled'] as const)('gives the same bytes for the same seed, %s', (order) => {
    expect(bytesOf({ ...usual, order })).toBe(bytesOf({ ...usual, order }));
  });

  test('gives other bytes for another seed', () => {
    expect(bytesOf({ ...usual, seed: 8 })).not.toBe(bytesOf(usual));
  });

  test('holds as many records, series, groups and partitions as it says', () => {
    const { workload, log } = appended({ ...usual, records: 2 * SERIES + 1 });
    const samples = log.flatMap(({ value }) => {
      const { type, value: record } = codec.decode(value);
      return type === 'MetricRecord' ? [record] : [];
    });
    expect(workload.records).toBe(3 * SERIES);
    expect(samples).toHaveLength(3 * SERIES);
    expect(samples.every(({ buckets }) => buckets.length === 10)).toBe(true);
    expect(new Set(samples.map(({ labels }) => JSON.stringify(labels))).size).toBe(SERIES);
    expect(new Set(samples.map(({ labels: { service, route } }) => `${service} ${route}`)).size).toBe(GROUPS);
    expect(new Set(log.map(({ partition }) => partition)).size).toBe(PARTITIONS);
  });

  test('shuffles the series of a scrape and nothing else', () => {
    const keys = (order: WorkloadOptions['order']): string[] =>
      appended({ ...usual, order }).log.map(({ key }) => key);
    expect(keys('shuffled')).not.toEqual(keys('fixed'));
    expect(keys('shuffled').sort()).toEqual(keys('fixed').sort());
  });

  test('ends every scrape with a watermark in every partition, and begins with one', () => {
    const { workload, log } = appended(usual);
    const marks = log.flatMap(({ partition, value }) => {
      const { type, value: record } = codec.decode(value);
      return type === 'Watermark' ? [{ partition, at: record.timestamp }] : [];
    });
    expect(marks).toHaveLength(4 * PARTITIONS);
    expect(marks.at(-1)).toEqual({ partition: PARTITIONS - 1, at: workload.end });
  });
});
