import * as fc from 'fast-check';
import type { JsonSchema } from '../platform/codec/json-schema.js';
import type { ApiDocument, ApiParameter, Operation } from './api-contract.js';

/** Requests for an operation of an OpenAPI document, good ones and bad ones. */

export interface FuzzRequest {
  readonly method: string;
  /** Whether the document knows the method there. */
  readonly isDeclared: boolean;
  /** Template of its path in the document. */
  readonly template: string;
  /** What stands for each parameter of the path. */
  readonly parts: Readonly<Record<string, Part>>;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** `known`: one of the ids that answers named, by an index of any size. `raw`: as it stands, may be another path. */
export type Part =
  | { readonly kind: 'known'; readonly index: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'raw'; readonly text: string };

type Schema = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;
interface Body {
  readonly headers: Headers;
  readonly body: Buffer | null;
}

const text = fc.string({ unit: 'binary', maxLength: 60 });
/** What people who wish no good, or programs with a fault, put in the place of a text. */
const oddTexts = [
  ...['', ' ', '\0', 'a\0b', '\ud800', '\u202eright to left', '😀'.repeat(100), '../../etc/passwd', '%00'],
  ...['__proto__', 'constructor', 'null', '-1', '1e309', "' or 1=1 --", '<script>', '{{7*7}}'],
];
const oddText = fc.oneof(
  { arbitrary: fc.constantFrom(...oddTexts), weight: 4 },
  { arbitrary: text, weight: 1 },
  { arbitrary: fc.integer({ min: 190, max: 5_000 }).map((n) => 'x'.repeat(n)), weight: 1 },
);
const nested = fc.integer({ min: 2, max: 20_000 }).map((n) => '['.repeat(n) + ']'.repeat(n));
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: oddText, weight: 4 },
  { arbitrary: fc.oneof(fc.jsonValue(), fc.double(), fc.constant(null)), weight: 1 },
);

/** A value that a schema allows, mostly: patterns are left to chance. */
function allowedBy(schema: Schema, document: ApiDocument): fc.Arbitrary<unknown> {
  const {
    $ref,
    type,
    format,
    properties,
    items,
    required = [],
    allOf,
    anyOf,
    minLength = 0,
    maxLength = 60,
  } = schema;
  const of = (one: unknown): fc.Arbitrary<unknown> => allowedBy(one as Schema, document);
  if (typeof $ref === 'string') return of(document.components.schemas[$ref.split('/').at(-1) ?? '']);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (Array.isArray(allOf)) return of(allOf[0]);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map(of));
  if (format === 'email') return fc.uuid().map((id) => `${id}@example.org`);
  if (type === 'string')
    return fc.string({ minLength: Number(minLength), maxLength: Math.min(60, Number(maxLength)) });
  if (type === 'integer' || type === 'number')
    return fc.integer({ min: Number(schema.minimum ?? 0), max: 2_000 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'array') return fc.array(of(items), { maxLength: 3 });
  const fields = Object.entries((properties ?? {}) as Readonly<Record<string, Schema>>);
  const requiredKeys = (required as readonly string[]).filter((key) => fields.some(([name]) => name === key));
  return fc.record(Object.fromEntries(fields.map(([name, one]) => [name, of(one)])), { requiredKeys });
}

/** A valid object of which something is wrong. */
const broken = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(value, fc.nat(), oddValue, fc.constantFrom('replace', 'remove', 'add'))
    .map(([good, at, odd, how]) => {
      const entries = Object.entries((good ?? {}) as object);
      const i = entries.length === 0 ? 0 : at % entries.length;
      if (how === 'add') return Object.fromEntries([...entries, [`more${at}`, odd]]);
      if (how === 'remove') return Object.fromEntries(entries.filter((_, k) => k !== i));
      return Object.fromEntries(entries.map(([key, one], k) => [key, k === i ? odd : one]));
    });

const types = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json;',
    'text/plain',
  ],
  ...[
    'application/json; charset',
    'application/xml',
    'multipart/form-data',
    'x',
    '',
    '/',
    'application/json, x',
  ],
];
const jsonType: Headers = { 'content-type': 'application/json' };

function jsonBody(schema: Schema, document: ApiDocument): fc.Arbitrary<Body> {
  const good = allowedBy(schema, document);
  const json = fc.oneof(
    { arbitrary: good, weight: 4 },
    { arbitrary: broken(good), weight: 4 },
    { arbitrary: oddValue, weight: 1 },
  );
  const bytes = fc.oneof(
    { arbitrary: json.map((value) => Buffer.from(JSON.stringify(value) ?? '')), weight: 8 },
    // Cut off, or no JSON at all.
    fc.tuple(json, fc.nat(50)).map(([value, n]) => Buffer.from((JSON.stringify(value) ?? '').slice(0, n))),
    nested.map((value) => Buffer.from(value)),
    fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value)),
    fc.integer({ min: 60_000, max: 90_000 }).map((n) => Buffer.from(JSON.stringify({ name: 'x'.repeat(n) }))),
  );
  const headers = fc.oneof(
    { arbitrary: fc.constant(jsonType), weight: 5 },
    { arbitrary: fc.constantFrom(...types).map((type) => ({ 'content-type': type })), weight: 1 },
    { arbitrary: fc.constant({}), weight: 1 },
  );
  return fc.record({ headers, body: fc.option(bytes, { freq: 20 }) });
}

const boundary = 'fuzz-1f2e';
const formType: Headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };

/** What begins as an mp4 does. */
const film = (size: number): Buffer =>
  Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(size, 'm')]);
const filmForm = (size: number): Buffer => {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), film(size), Buffer.from(`\r\n--${boundary}--\r\n`)]);
};

/** A form with a file, whole or not. */
function formBody(): fc.Arbitrary<Body> {
  const content = fc.oneof(
    fc.nat(2_000).map(film),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
  );
  const name = fc.oneof({ arbitrary: fc.constant('file'), weight: 4 }, { arbitrary: oddText, weight: 1 });
  const disposition = fc.tuple(name, oddText).map(([field, file]) => {
    const clean = (value: string): string => value.replaceAll(/[\r\n"]/g, '');
    return `content-disposition: form-data; name="${clean(field)}"; filename="${clean(file)}"`;
  });
  const head = fc.oneof({ arbitrary: disposition, weight: 5 }, { arbitrary: text, weight: 1 });
  const part = fc
    .tuple(head, content)
    .map(([lines, bytes]) =>
      Buffer.concat([Buffer.from(`--${boundary}\r\n${lines}\r\n\r\n`), bytes, Buffer.from('\r\n')]),
    );
  const whole = fc
    .array(part, { minLength: 0, maxLength: 3 })
    .map((parts) => Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]));
  const cut = fc.tuple(whole, fc.nat(2_500)).map(([bytes, n]) => bytes.subarray(0, n));
  const bytes = fc.oneof(
    { arbitrary: fc.nat(2_000).map(filmForm), weight: 5 },
    { arbitrary: whole, weight: 4 },
    { arbitrary: cut, weight: 2 },
    { arbitrary: fc.uint8Array({ maxLength: 300 }).map((one) => Buffer.from(one)), weight: 1 },
  );
  const others = [...types, `multipart/form-data; boundary=other`, 'multipart/form-data; boundary='];
  const headers = fc.oneof(
    { arbitrary: fc.constant(formType), weight: 6 },
    { arbitrary: fc.constantFrom(...others).map((type) => ({ 'content-type': type })), weight: 1 },
  );
  return fc.record({ headers, body: fc.option(bytes, { freq: 20 }) });
}

const rawParts = [
  ...['..', '.', '%2e%2e', '%2E', 'a%2fb', 'a%5cb', '%00', '%zz', '%', '%c3%28', '', 'a;b=c', 'a?b', 'a//b'],
  ...['*', "'", '"', '{id}', ':id', 'status', 'x'.repeat(3_000), '%ff%fe', 'a%0d%0aset-cookie:x'],
];
const part: fc.Arbitrary<Part> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('known' as const), index: fc.nat() }), weight: 4 },
  { arbitrary: fc.record({ kind: fc.constant('text' as const), text: fc.uuid() }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant('raw' as const), text: fc.constantFrom(...rawParts) }),
    weight: 1,
  },
);

/** What a part is in the address. */
const written = (value: unknown): string => {
  const said = Array.isArray(value) ? value.join(',') : String(value);
  // Half of a pair has no place in an address.
  return encodeURIComponent(said.replaceAll(/[\ud800-\udfff]/gu, '?'));
};

function queryOf(parameters: readonly ApiParameter[], document: ApiDocument): fc.Arbitrary<string> {
  const one = ({ name, schema }: ApiParameter): fc.Arbitrary<string> =>
    fc.oneof(
      { arbitrary: fc.constant(''), weight: 3 },
      { arbitrary: allowedBy(schema, document).map((value) => `${name}=${written(value)}`), weight: 2 },
      { arbitrary: oddText.map((value) => `${name}=${written(value)}`), weight: 1 },
      { arbitrary: fc.constantFrom(`${name}`, `${name}=%`, `${name}=1&${name}=2`), weight: 1 },
    );
  const unknown = fc.option(
    oddText.map((value) => `more=${written(value)}`),
    { freq: 5, nil: '' },
  );
  return fc.tuple(...parameters.map(one), unknown).map((all) => {
    const given = all.filter((text) => text !== '');
    return given.length === 0 ? '' : `?${given.join('&')}`;
  });
}

const oddHeaders: fc.Arbitrary<Headers> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 8 },
  {
    arbitrary: fc.constantFrom<Headers>(
      { 'x-request-id': 'not an id' },
      { 'x-request-id': 'x'.repeat(2_000) },
      { traceparent: 'ff-0-0-0' },
      { accept: 'image/png', 'accept-language': '\u00e9' },
      { 'x-forwarded-for': '1.2.3.4, 5.6.7.8', 'x-forwarded-host': 'else.where' },
      { cookie: `a=${'b'.repeat(3_000)}` },
      { connection: 'x-request-id, authorization' },
      { 'content-encoding': 'gzip' },
      { 'if-none-match': '*', range: 'bytes=9-1' },
      { origin: 'http://else.where', referer: '\u00ff' },
    ),
    weight: 3,
  },
);

/** Requests of an operation, seldom by another method. `logins` are the values of `Authorization` that may be sent, '' for none. */
export function requestOf(
  { method, path, operation }: Operation,
  document: ApiDocument,
  logins: readonly string[],
): fc.Arbitrary<FuzzRequest> {
  const parameters = operation.parameters ?? [];
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const content = operation.requestBody?.content ?? {};
  const json = content['application/json']?.schema as JsonSchema | undefined;
  const none: fc.Arbitrary<Body> = fc.constant({ headers: {}, body: null });
  const body = json
    ? jsonBody(json as Schema, document)
    : 'multipart/form-data' in content
      ? formBody()
      : none;
  return fc
    .record({
      parts: fc.record(Object.fromEntries(names.map((name) => [name, part]))),
      query: queryOf(
        parameters.filter((one) => one.in === 'query'),
        document,
      ),
      sent: body,
      authorization: fc.constantFrom(...logins),
      odd: oddHeaders,
      other: fc.option(fc.constantFrom('head', 'options', 'put', 'patch', 'trace'), { freq: 20 }),
    })
    .map(({ parts, query, sent, authorization, odd, other }) => ({
      ...{
        method: other ?? method,
        isDeclared: other === null,
        template: path,
        parts,
        query,
        body: sent.body,
      },
      headers: { ...odd, ...sent.headers, ...(authorization === '' ? {} : { authorization }) },
    }));
}
