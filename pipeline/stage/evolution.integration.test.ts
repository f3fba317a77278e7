import avro from 'avsc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { metric } from '../../platform/codec/codec.contract.js';
import type { Codec } from '../../platform/codec/codec.js';
import { registryCodec } from '../../platform/codec/registry.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import type { OwnedPartition } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { type AvroField, schemaOf } from '../../schemas/index.js';
import { docker, type Server, startRegistry } from '../../test/containers.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { metricDecoding } from './decoding.js';
import type { RunOptions } from './options.js';
import { loadSchemas } from './schemas.js';

const current = schemaOf('MetricRecord') as { readonly fields: readonly AvroField[] };
const without = (name: string) => ({ ...current, fields: current.fields.filter((one) => one.name !== name) });
const unit = { name: 'unit', type: { type: 'fixed', name: 'Unit', size: 2 }, default: '\u0000\u0000' };
const second = { name: 'inner', type: { type: 'array', items: 'io.tidemark.Bucket' }, default: [] };

/** Versions of other writers, and what they write. */
const versions = {
  'older, without a start': [without('startTimestamp'), metric],
  'older, without buckets': [without('buckets'), metric],
  'newer, with a unit and more buckets': [
    { ...current, fields: [unit, ...current.fields, second] },
    { ...metric, startTimestamp: 5, unit: Buffer.from('ms'), inner: [{ le: 1, count: 2 }] },
  ],
} as const;

describe.skipIf(!docker)('records of several versions in one topic', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startRegistry();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const open = (): Promise<Codec> =>
    registryCodec({
      url: server.url,
      pause,
      warn: () => undefined,
      clock: () => performance.now(),
      signal: new AbortController().signal,
    });
  const rest = async (method: string, path: string, body: unknown): Promise<{ readonly id: number }> => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const answer = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { readonly id: number };
  };
  const register = async (subject: string, schema: unknown): Promise<number> =>
    (await rest('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) })).id;

  test('an incompatible schema is refused by the registry, and the error says which', async () => {
    const watermark = schemaOf('Watermark') as { readonly fields: readonly AvroField[] };
    const fields = watermark.fields.map((one) =>
      one.name === 'timestamp' ? { ...one, type: 'string' } : one,
    );
    await register('io.tidemark.Watermark', { ...watermark, fields });
    await expect(open()).rejects.toMatchObject({
      code: 'Refused',
      retryable: false,
      message: expect.stringMatching(
        /^the schema registry refuses io\.tidemark\.Watermark: it does not read what was written before \(/,
      ),
    });
    await rest('DELETE', '/subjects/io.tidemark.Watermark', undefined);
  });

  test('are read alike, by a reader made for them where that can be', async () => {
    await open();
    const values: Buffer[] = [];
    for (const [schema, value] of Object.values(versions)) {
      const id = await register('io.tidemark.MetricRecord', schema);
      const payload = avro.Type.forSchema(schema as avro.Schema, { wrapUnions: false }).toBuffer(value);
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(id, 1);
      values.push(Buffer.concat([frame, payload]));
    }
    const codec = await open();
    values.push(codec.encode('MetricRecord', metric));
    const ids = values.map((value) => value.readUInt32BE(1));
    expect(new Set(ids).size).toBe(values.length);

    using folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    const log = lmdbLog(environment);
    await log.createTopics([{ name: 'metrics', partitions: 1, retentionMs: null }]);
    await log.append({
      topic: 'metrics',
      partition: 0,
      records: values.map((value) => ({ key: null, value })),
    });
    const reader = log.read('metrics', 0, 0);
    const batch = await reader.pull({ waitMs: 0 });
    if (!batch) throw new Error('the topic is empty');
    expect(ids.map((id) => codec.typeOf(id))).toEqual([undefined, undefined, undefined, 'MetricRecord']);
    const lost = new AbortController().signal;
    const owned = { topic: 'metrics', partition: 0, lost } as OwnedPartition;
    await loadSchemas(batch, owned, { codec, pause, warn: () => undefined } as unknown as RunOptions);
    expect(ids.map((id) => codec.typeOf(id))).toEqual(ids.map(() => 'MetricRecord'));

    const decoding = metricDecoding(codec);
    const read: unknown[] = [];
    while (batch.advance()) {
      const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
      const numbers = decoding.metricReader(value.readUInt32BE(1));
      if (!numbers) throw new Error('there is no reader');
      expect(numbers.read(batch.bytes, batch.valueStart + 5, batch.valueEnd)).toBe(true);
      expect(numbers.read(batch.bytes, batch.valueStart + 5, batch.valueEnd - 1)).toBe(false);
      const { timestamp, startTimestamp, count, sum } = numbers;
      expect([timestamp, count, sum]).toEqual([metric.timestamp, metric.count, metric.sum]);
      read.push([numbers.constructor.name, startTimestamp, decoding.identity(value)]);
    }
    expect(read).toEqual([
      ['CodecReader', Number.NaN, metric],
      ['', Number.NaN, { ...metric, buckets: [] }],
      ['', 5, { ...metric, startTimestamp: 5 }],
      ['', Number.NaN, metric],
    ]);
    await reader.close();
    await log.close();
    await environment.close();
  });
});
