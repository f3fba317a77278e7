import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Json } from '../../platform/codec/json.js';
import type { JsonSchema } from '../../platform/codec/json-schema.js';
import { comparison } from '../../test/json-schemas.js';
import { alertOf, NOW } from '../follow/alert.fixture.js';
import { partitionOf } from '../model/murmur2.js';
import { recompile } from '../sla/compile.js';
import { Driver, PARTITIONS, windowOf } from './driver.fixture.js';

interface Media {
  readonly schema: JsonSchema;
  readonly 'x-itemSchema'?: JsonSchema;
}
type Response = { readonly content?: Readonly<Record<string, Media>> } | { readonly $ref: string };
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Response>>;
}
interface Document {
  readonly security: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Media>> }>>;
  };
}

const text = `version: 1
slas:
  - { alert: Slow, match: m, by: [route], window: 10s, every: 5s, when: mean_latency > 500ms }
  - { alert: Slower, match: m, by: [route], window: 10s, when: mean_latency > 2 * baseline }
  - { alert: Run, match: m, by: [route], window: { session: 1m }, when: mean_latency > 1s }
  - { alert: Both, match: m, by: [route], window: 10s, when: [mean_latency > 1s, error_ratio > 2 * baseline], clear: error_ratio < 1% }
  - { alert: Burn, match: m, by: [route], window: 10s, objective: 99% }
`;

describe('the OpenAPI document', () => {
  let driver: Driver;
  let document: Document;
  const { revision, judged } = recompile('sla.yaml', text);
  const selection = judged.find(({ panes, window }) => panes && window === 10_000)?.id ?? '';
  const explained = { ...alertOf('/a', 'firing'), rule: { file: 'sla.yaml', line: 3, revision } };
  const both = (measure: string, value: number | null) => ({
    ...{ measure, operator: '>', window: 10_000, value, threshold: 0.5 },
  });
  const several = {
    ...{ ...alertOf('/a', 'pending', NOW), id: 'several', fingerprint: '/c', alert: 'Both' },
    ...{ rule: { file: 'sla.yaml', line: 6, revision } },
    conditions: [both('mean_latency', 1), both('error_ratio', null)],
  };
  const burning = {
    ...{
      ...alertOf('/a', 'firing', NOW),
      id: 'burning',
      fingerprint: '/d',
      alert: 'Burn',
      severity: 'critical',
    },
    ...{ labels: { alertname: 'Burn', route: '/a', severity: 'critical' }, measure: 'burn_rate' },
    ...{
      rule: { file: 'sla.yaml', line: 7, revision },
      conditions: [both('burn_rate', 1), both('burn_rate', 2)],
    },
  };
  const lesser = {
    ...{ ...burning, id: 'lesser', fingerprint: '/e', severity: 'info' },
    labels: { ...burning.labels, severity: 'info' },
  };
  const unknown = { ...alertOf('/b', 'pending'), value: Number.NaN, threshold: null };

  const asked: readonly (readonly [path: string, request: string])[] = [
    ['/alerts', '/alerts'],
    ['/alerts', '/alerts?since=1h'],
    ['/alerts', '/alerts?limit=1'],
    ['/history', '/history?limit=1'],
    ['/history', '/history?from=1h'],
    ['/explain/{id}', `/explain/${encodeURIComponent(explained.id)}`],
    ['/explain/{id}', `/explain/${encodeURIComponent(unknown.id)}`],
    ['/explain/{id}', '/explain/several'],
    ['/explain/{id}', '/explain/burning'],
    ['/sparklines', '/sparklines?fingerprint=/a&fingerprint=/b'],
    ['/windows', '/windows?since=1h'],
    ['/groups', `/groups?selection=${selection}`],
    ['/rules', '/rules'],
    ['/rules/{revision}', `/rules/${revision}`],
    ['/status', '/status'],
    ['/openapi.json', '/openapi.json'],
    ['/silences', '/silences'],
    ['/acknowledgements', '/acknowledgements'],
    ['/marks', '/marks'],
    ['/stats', '/stats'],
  ];
  const streams = [
    ['/alerts/stream', 'AlertRecord'],
    ['/windows/stream', 'WindowRecord'],
  ] as const;

  beforeAll(async () => {
    driver = await Driver.create();
    await driver.append(['rules', 0], 'RulesRevision', { revision, file: 'sla.yaml', text });
    const watermark = { timestamp: NOW, source: 'a', partitions: PARTITIONS };
    await driver.append(['metrics', 0], 'Watermark', watermark);
    const windows = [
      windowOf('/a', NOW - 10_000),
      { ...windowOf('/a', NOW), requests: 0, meanLatency: null },
    ];
    const partition = partitionOf('{route="/a"}', PARTITIONS);
    await driver.append(
      ['windows', partition],
      'WindowRecord',
      ...windows.map((one) => ({ ...one, selection, buckets: [{ le: Number.POSITIVE_INFINITY, count: 1 }] })),
    );
    await driver.append(['alerts', 0], 'AlertRecord', explained, unknown, several, burning, lesser);
    await driver.view.start();
    const said = { by: 'ada', why: 'deploying' };
    await send('POST', '/silences', { ...said, match: '{route="/a"}', until: '1h' });
    await send('PUT', '/alerts/%2Fa/acknowledgement', said);
    await vi.waitFor(async () => expect(await driver.get(`/groups?selection=${selection}`)).toHaveLength(1));
    document = await driver.get<Document>('/openapi.json');
  });
  afterAll(() => driver[Symbol.asyncDispose]());

  async function send(method: string, path: string, body: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const sent = { method, headers, body: JSON.stringify(body) };
    expect((await driver.view.app.request(`/api/v1${path}`, sent)).status).toBe(201);
  }

  const operations = (): [string, string, Operation][] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]): [string, string, Operation] => [method, path, one]),
    );

  /** What the document says that a path answers with, by type. */
  function contentOf(path: string, status: number): Readonly<Record<string, Media>> | undefined {
    const declared = document.paths[path]?.get?.responses[status];
    if (!declared || !('$ref' in declared)) return declared?.content;
    return document.components.responses[declared.$ref.split('/').at(-1) ?? '']?.content;
  }

  /** What differs between an answer and what the document says of it. */
  async function differs(path: string, answer: globalThis.Response): Promise<string> {
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const media = contentOf(path, answer.status)?.[type];
    if (!media) return `nothing is said of ${answer.status} ${type}`;
    return comparison(document.components.schemas)(media.schema)(await answer.json());
  }

  test('is what the schema of OpenAPI 3.1 asks for, and all of its references lead somewhere', async () => {
    const validator = new Validator();
    const result = await validator.validate({ ...document });
    expect(result.errors ?? []).toEqual([]);
    expect([result.valid, validator.version]).toEqual([true, '3.1']);
    const named = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, at = '']) => at);
    const found = (at: string): unknown =>
      at.split('/').reduce<unknown>((in_, key) => (in_ as Record<string, unknown>)?.[key], document);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((at) => found(at) === undefined)).toEqual([]);
  });

  test('has every route that there is, and no other', () => {
    const routes = driver.view.app.routes.flatMap(({ method, path }) => {
      const [, below] = /^\/api\/v1(\/[^*]+)$/.exec(path) ?? [];
      return below === undefined ? [] : [`${method.toLowerCase()} ${below.replace(/:(\w+)/g, '{$1}')}`];
    });
    expect(routes.length).toBeGreaterThan(10);
    expect(operations().map(([method, path]) => `${method} ${path}`)).toEqual([...new Set(routes)]);
  });

  test('names every operation once, and every part of a path', () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, path, { parameters }] of operations()) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(parts);
    }
  });

  test.each(asked)('says of %s what %s answers', async (path, asked) => {
    const answer = await driver.request(asked);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(await answer.clone().json()).length).toBeGreaterThan(10);
    expect(await differs(path, answer)).toBe('');
  });

  test('is held against what every route answers', () => {
    const gets = operations().flatMap(([method, path]) => (method === 'get' ? path : []));
    expect([...new Set([...asked, ...streams].map(([path]) => path))].sort()).toEqual(gets.sort());
  });

  test.each([
    ['/alerts', '/alerts?since=soon', 400],
    ['/history', '/history?cursor=7', 400],
    ['/windows', '/windows?limit=none', 400],
    ['/groups', '/groups?limit=0', 400],
    ['/rules', '/rules?cursor=7', 400],
    ['/alerts/stream', '/alerts/stream?lastEventId=1', 400],
    ['/windows/stream', '/windows/stream?since=soon', 400],
    ['/explain/{id}', '/explain/none', 404],
    ['/rules/{revision}', '/rules/none', 404],
  ])('says of %s how %s is refused', async (path, asked, status) => {
    const answer = await driver.request(asked);
    expect(answer.status).toBe(status);
    expect(await differs(path, answer)).toBe('');
  });

  test.each(streams)('says of %s what its events are', async (path, record) => {
    const schema = contentOf(path, 200)?.['text/event-stream']?.['x-itemSchema'] ?? expect.unreachable(path);
    const answer = await driver.request(`${path}?since=1h`);
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    while (!/^data: .*\nid: .*\n\n/m.test(seen))
      seen += (await reader?.read())?.value ?? expect.unreachable(seen);
    await reader?.cancel();
    const [, data = '', id = ''] = /^data: (.*)\nid: (.*)$/m.exec(seen) ?? [];
    const compare = comparison(document.components.schemas);
    expect(compare(schema)({ id, data })).toBe('');
    expect(compare({ $ref: `#/components/schemas/${record}` })(JSON.parse(data))).toBe('');
    const named = (schema.$ref as string).split('/').at(-1) ?? '';
    expect(document.components.schemas[named]).toMatchObject({
      properties: { data: { contentSchema: { $ref: `#/components/schemas/${record}` } } },
    });
  });

  test('asks for a login where the view does', async () => {
    expect(document.security).toEqual([]);
    await using guarded = await Driver.create({ kind: 'token', token: 'secret' });
    const refused = await guarded.request('/openapi.json');
    expect(refused.status).toBe(401);
    expect(await differs('/openapi.json', refused)).toBe('');
    const answer = await guarded.request('/openapi.json', { authorization: 'Bearer secret' });
    expect(((await answer.json()) as Document).security).toEqual([{ bearer: [] }, { basic: [] }]);
  });
});
