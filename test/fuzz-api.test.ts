import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { ApiDocument } from './api-contract.js';
import { fuzzApi } from './fuzz-api.js';

const problemSchema = {
  type: 'object',
  properties: { status: { type: 'integer' }, detail: { type: 'string' } },
};
const problem = { description: '', content: { 'application/problem+json': { schema: problemSchema } } };
const item = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
const one = { description: '', content: { 'application/json': { schema: item } } };
const document: ApiDocument = {
  openapi: '3.1.0',
  paths: {
    '/things': {
      post: {
        operationId: 'create',
        requestBody: { content: { 'application/json': { schema: item } } },
        responses: { 201: one, 400: problem },
      },
    },
    '/things/{id}': {
      get: {
        operationId: 'read',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: one, 404: problem },
      },
    },
  },
  components: { schemas: {} },
};

type Answer = readonly [status: number, body: unknown, type?: string];
type Serve = (request: IncomingMessage, body: string) => Answer;

const refuse = (status: number, detail = 'no'): Answer => [status, { status, detail }];
const accepts = (body: string): boolean => {
  try {
    return typeof (JSON.parse(body) as { id?: unknown } | null)?.id === 'string';
  } catch {
    return false;
  }
};
/** A server that keeps to its document. */
const good: Serve = ({ method, url = '' }, body) => {
  const path = url.split('?', 1)[0];
  if (method === 'POST' && path === '/things') return accepts(body) ? [201, { id: 'thing' }] : refuse(400);
  return method === 'GET' && path === '/things/thing' ? [200, { id: 'thing' }] : refuse(404);
};

async function fuzz(serve: Serve): Promise<string> {
  const server = createServer((request, answer: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [status, body, type] = serve(request, Buffer.concat(chunks).toString());
      const usual = status < 400 ? 'application/json' : 'application/problem+json';
      answer.writeHead(status, { 'content-type': type ?? usual }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const options = { base, document, logins: [''], seed: 1, ms: 15_000, runs: 1_000, secrets: ['/var/lib'] };
    const { requests, seen } = await fuzzApi(options);
    expect(requests).toBe(1_000);
    return [...seen.keys()]
      .filter((what) => /^(?:GET|POST) /.test(what))
      .sort()
      .join(', ');
  } catch (error) {
    const { message, cause } = error as Error;
    expect(message).toContain('seed: 1');
    return String((cause as Error | undefined)?.message);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a server that keeps to its document passes, seen in all that it answers', async () => {
  expect(await fuzz(good)).toMatch(
    /^GET \/things\/\{id\} 200, GET \/things\/\{id\} 404, POST \/things 201, POST \/things 400/,
  );
});

test.each<[string, string, Serve]>([
  ['a fault', 'POST /things 500', (request, body) => (accepts(body) ? refuse(500) : good(request, body))],
  [
    'a fault over one text',
    'POST /things 500',
    (request, body) => (body.includes('\\u0000') ? refuse(500) : good(request, body)),
  ],
  [
    'a status that is not declared',
    '418 is not declared for post /things',
    (request, body) => (request.method === 'POST' && !accepts(body) ? refuse(418) : good(request, body)),
  ],
  [
    'an error of another type',
    'is text/html',
    (request, body) => {
      const [status, said] = good(request, body);
      return status === 404 ? [404, said, 'text/html'] : [status, said];
    },
  ],
  [
    'a field too many',
    'must NOT have additional properties',
    (request, body) => {
      const [status, said] = good(request, body);
      return [status, status < 400 ? { ...(said as object), more: 1 } : said];
    },
  ],
  [
    'a place on the disk',
    'says /var/lib',
    (request, body) => (good(request, body)[0] === 400 ? refuse(400, 'in /var/lib/x') : good(request, body)),
  ],
])('%s is found', async (_, said, serve) => {
  expect(await fuzz(serve)).toContain(said);
});
