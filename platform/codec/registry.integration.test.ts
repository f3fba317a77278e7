import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { pause } from '../../cli/pause.js';
import { docker, type Server, startRegistry } from '../../test/containers.js';
import { befall } from '../../test/outage.js';
import { codecContract, metric } from './codec.contract.js';
import type { Codec } from './codec.js';
import { registryCodec } from './registry.js';

const subject = 'io.tidemark.MetricRecord';

describe.skipIf(!docker)('over a schema registry', () => {
  let server: Server;
  let now = 0;
  const warnings: string[] = [];
  let ended = new AbortController();

  const open = (url = server.url): Promise<Codec> =>
    registryCodec({
      url,
      pause,
      warn: (message) => warnings.push(message),
      clock: () => now,
      signal: ended.signal,
    });
  const rest = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  const register = async (name: string, fields: readonly unknown[]): Promise<number> => {
    const schema = JSON.stringify({ type: 'record', name, namespace: 'io.other', fields });
    return (await rest('POST', `/subjects/io.other.${name}/versions`, { schema })).id as number;
  };
  const framed = (id: number): Buffer => {
    const bytes = Buffer.alloc(6);
    bytes.writeUInt32BE(id, 1);
    return bytes;
  };

  beforeAll(async () => {
    server = await startRegistry();
  });
  afterEach(() => {
    warnings.length = 0;
    ended = new AbortController();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  codecContract(async () => ({ codec: await open(), close: async () => undefined }));

  test('registers each schema once, under its record name, to be read by whoever comes later', async () => {
    const [one, other] = await Promise.all([open(), open()]);
    expect(one.idOf('MetricRecord')).toBe(other.idOf('MetricRecord'));
    expect(await rest('GET', `/subjects/${subject}/versions`)).toEqual([1]);
    expect(await rest('GET', `/config/${subject}`)).toEqual({ compatibilityLevel: 'BACKWARD' });
    expect(warnings).toEqual([]);
  });

  test('many that start at once over an empty registry find one another', async () => {
    await using empty = await startRegistry();
    const all = await Promise.all(Array.from({ length: 8 }, () => open(empty.url)));
    expect(new Set(all.map((one) => one.idOf('AlertRecord'))).size).toBe(1);
    expect(warnings).toEqual([]);
  });

  test('keeps a stricter compatibility, and refuses one that lets readers break', async () => {
    await rest('PUT', `/config/${subject}`, { compatibility: 'FULL_TRANSITIVE' });
    await open();
    expect(await rest('GET', `/config/${subject}`)).toEqual({ compatibilityLevel: 'FULL_TRANSITIVE' });
    await rest('PUT', `/config/${subject}`, { compatibility: 'FORWARD' });
    await expect(open()).rejects.toMatchObject({
      code: 'Refused',
      message: expect.stringContaining('FORWARD'),
    });
    await rest('PUT', `/config/${subject}`, { compatibility: 'BACKWARD' });
  });

  test('looks an id up once, however many ask, and remembers for a while that nobody knows it', async () => {
    const codec = await open();
    expect(await Promise.all([codec.load(77_777), codec.load(77_777)])).toEqual([false, false]);
    await befall(server, 'pause');
    expect(await codec.load(77_777)).toBe(false);
    now += 60_000;
    await expect(codec.load(77_777)).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
    await befall(server, 'unpause');
    expect(await codec.load(77_777)).toBe(false);
  });

  test('says of a schema of somebody else whose it is', async () => {
    const codec = await open();
    const id = await register('Order', [{ name: 'a', type: 'int' }]);
    expect(await codec.load(id)).toBe(false);
    expect(codec.typeOf(id)).toBeUndefined();
    expect(() => codec.decode(framed(id))).toThrow(`schema ${id} is io.other.Order, which is none of ours`);
  });

  test('delays while the registry does not answer, and drops nothing', async () => {
    const codec = await open();
    const id = await register('Later', [{ name: 'a', type: 'int' }]);
    await befall(server, 'pause');
    const since = performance.now();
    await expect(codec.load(id)).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
    expect(performance.now() - since).toBeLessThan(4_000);
    // What is known needs no registry.
    expect(codec.decode(codec.encode('MetricRecord', metric)).value).toEqual(metric);
    await befall(server, 'unpause');
    expect(await codec.load(id)).toBe(false);
    expect(() => codec.decode(framed(id))).toThrow('io.other.Later');
  });

  test('waits at its start for a registry that is down, and says so', async () => {
    await befall(server, 'pause');
    const opening = open();
    await vi.waitUntil(() => warnings.length > 0, { timeout: 10_000 });
    await befall(server, 'unpause');
    expect((await opening).grows).toBe(true);
    expect(warnings[0]).toMatch(
      /^registering .*: the schema registry cannot be reached: .*; trying again in 0.5 s$/,
    );
  });

  test('gives up waiting when it is told to', async () => {
    const opening = open('http://127.0.0.1:9/');
    opening.catch(() => undefined);
    await vi.waitUntil(() => warnings.length > 0, { timeout: 10_000 });
    ended.abort();
    await expect(opening).rejects.toMatchObject({ code: 'Aborted' });
    expect(warnings[0]).toContain('ECONNREFUSED');
  });
});
