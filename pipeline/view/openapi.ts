import type { Json } from '../../platform/codec/json.js';
import type { JsonSchema } from '../../platform/codec/json-schema.js';
import { components, ref } from './answers.js';
import { type Answer, Api, type Documented, type Operation, refusals } from './api.js';
import type { Access } from './guard.js';

/** Where all of it is. */
export const API = '/api/v1';

/** Errors that any request may be answered with. */
const failures = {
  401: 'The token is missing or wrong.',
  403: 'The name or the origin of the request is none of this view.',
  500: 'Something went wrong on our side.',
  503: 'The log, the store or the registry cannot be reached now.',
} as const;

const headers: Readonly<Record<string, Json>> = {
  Link: {
    description:
      'Where the page behind is, as RFC 8288 has it: `<?limit=2&cursor=...>; rel="next"`, relative to this request. Absent at the end.',
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'When to try again, s.', schema: { type: 'integer' } },
};

const responseName = (status: string): string => `Problem${status}`;

/** An OpenAPI 3.1 document of these operations. */
export function openApi(all: readonly Documented[], access: Access): Readonly<Record<string, Json>> {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, operation } of all) {
    const template = path.replace(/:(\w+)/g, '{$1}');
    paths[template] = { ...paths[template], [method]: describe(operation) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tidemark',
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Alerts and windows of SLA monitoring. Times are numbers, in ms since the epoch; doubles that JSON lacks are "NaN", "+Inf" and "-Inf". Within this version fields may be added: pass over those that you do not know.',
    },
    servers: [{ url: API }],
    // Without a token, whoever reaches it may ask.
    security: access.kind === 'token' ? [{ bearer: [] }, { basic: [] }] : [],
    paths,
    components: {
      schemas: components,
      headers,
      responses: Object.fromEntries(
        Object.entries({ ...refusals, ...failures }).map(([status, description]) => [
          responseName(status),
          problemResponse(status, description),
        ]),
      ),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token (`TIDEMARK_TOKEN`).' },
        basic: { type: 'http', scheme: 'basic', description: 'The token as the password, of any user.' },
      },
    },
  };
}

const problemResponse = (status: string, description: string): Json => ({
  description,
  ...(status === '503' ? { headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } } : {}),
  content: { 'application/problem+json': { schema: ref('Problem') } },
});

function describe({
  id,
  summary,
  description,
  parameters = [],
  body,
  answers,
  refuses = [],
}: Operation): Json {
  const problems = [...refuses, ...Object.keys(failures)].map((status) => [
    String(status),
    { $ref: `#/components/responses/${responseName(String(status))}` },
  ]);
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: parameters.map((one) => ({ ...one })),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answered(answer)])),
      ...Object.fromEntries(problems),
    },
  };
}

function answered({ description, schema, linked, type = 'application/json' }: Answer): Json {
  // A stream has no schema as a whole; that of each event is called as in OpenAPI 3.2.
  const media = (of: JsonSchema): Json =>
    type === 'text/event-stream' ? { schema: { type: 'string' }, 'x-itemSchema': of } : { schema: of };
  return {
    description,
    ...(linked ? { headers: { Link: { $ref: '#/components/headers/Link' } } } : {}),
    ...(schema ? { content: { [type]: media(schema) } } : {}),
  };
}

/** The document itself, which is in it too. */
export function documentApi(others: readonly Api[], access: Access): Api {
  const api = new Api();
  api.route(
    ['get', '/openapi.json'],
    {
      id: 'getOpenApi',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
    },
    (c) =>
      c.json(
        openApi(
          [...others, api].flatMap(({ operations }) => operations),
          access,
        ),
      ),
  );
  return api;
}
