import { describe, expect, test } from 'vitest';
import { type Codec, CodecError } from '../../platform/codec/codec.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import type { Batch } from '../../platform/log/batch.js';
import type { OwnedPartition } from '../../platform/log/event-log.js';
import type { RunOptions } from './options.js';
import { loadSchemas } from './schemas.js';

const framed = (id: number): Buffer => {
  const value = Buffer.alloc(6);
  value.writeUInt32BE(id, 1);
  return value;
};

/** A batch of these values, of which only the cursor is looked at. */
function batchOf(...values: readonly Buffer[]): Batch & { readonly at: number } {
  const bytes = Buffer.concat(values);
  const batch = {
    bytes,
    at: -1,
    get valueStart(): number {
      return values.slice(0, batch.at).reduce((sum, { length }) => sum + length, 0);
    },
    get valueEnd(): number {
      return batch.valueStart + (values[batch.at]?.length ?? 0);
    },
    advance: () => ++batch.at < values.length,
    rewind: () => {
      batch.at = -1;
    },
  };
  return batch as unknown as Batch & { readonly at: number };
}

describe('schemas are loaded ahead of the operators', () => {
  const lost = new AbortController();
  const owned = { topic: 'metrics', partition: 3, lost: lost.signal } as OwnedPartition;

  function setup(outages: number) {
    const warnings: string[] = [];
    const waits: number[] = [];
    const asked: number[] = [];
    const known = new Set<number>();
    const codec: Codec = {
      ...embeddedCodec(),
      grows: true,
      typeOf: (id) => (known.has(id) ? 'MetricRecord' : undefined),
      load: async (id) => {
        asked.push(id);
        if (outages-- > 0) throw new CodecError('Unavailable', 'the registry is down');
        known.add(id);
        return true;
      },
    };
    const options = {
      codec,
      pause: async (ms: number) => void waits.push(ms),
      warn: (message: string) => warnings.push(message),
    } as unknown as RunOptions;
    return { options, warnings, waits, asked };
  }

  test('asks for each unknown id once, and leaves the batch at its beginning', async () => {
    const { options, asked } = setup(0);
    const batch = batchOf(framed(7), framed(7), Buffer.from('junk'), framed(8), framed(7));
    await loadSchemas(batch, owned, options);
    expect([asked, batch.at]).toEqual([[7, 8], -1]);
  });

  test('tries again, and says so, until the outage is over', async () => {
    const { options, warnings, waits, asked } = setup(3);
    const batch = batchOf(framed(7));
    await loadSchemas(batch, owned, options);
    expect([asked, waits, batch.at]).toEqual([[7, 7, 7, 7], [1000, 2000, 4000], -1]);
    expect(warnings[0]).toBe('metrics/3: the registry is down; trying again in 1 s');
  });

  test('gives up when the partition is lost', async () => {
    const { options } = setup(Number.POSITIVE_INFINITY);
    const pause = async (): Promise<void> => lost.abort();
    const loading = loadSchemas(batchOf(framed(7)), owned, { ...options, pause });
    await expect(loading).rejects.toMatchObject({ code: 'Aborted' });
  });
});
