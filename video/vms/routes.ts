import { createRoute, z } from '@hono/zod-openapi';
import { routeTable } from '../../platform/http/instrument.js';
import { creation, registration, states } from './records.js';

/** The routes of video management: by them requests are checked, counted, and described (`/openapi.json`). */

const id = z.string().openapi({ example: '2f1c6a0e-8d3b-4a55-9a3c-0c6a5b7e9d10' });
const idParameter = z.object({ id: id.openapi({ param: { name: 'id', in: 'path' } }) });
const idInQuery = z.string().regex(/^[\w.-]{1,200}$/, 'is no id');

const page = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100).openapi({ description: 'How many at most.' }),
  after: idInQuery
    .optional()
    .openapi({ description: 'Id behind which the page begins; take it from `Link`.' }),
});

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What is wrong, and the way out.' }),
  })
  .openapi('Problem', { description: 'RFC 9457.' });

const user = z.object({ id, name: z.string() }).openapi('User');
const registered = z.object({ id, name: z.string(), email: z.string() }).openapi('RegisteredUser');
const state = z.enum(states).openapi('State', {
  description:
    '`waitingUpload`: its file is awaited. `uploaded`: it waits or is being encoded. `available`: it can be played. `notAvailable`: it could not be encoded.',
});
const progress = z.number().min(0).max(1).openapi({ description: 'Share that is encoded.' });
const reason = z.string().nullable().openapi({ description: 'Why it is notAvailable; null otherwise.' });
const video = z
  .object({
    ...{ id, name: z.string(), author: z.string() },
    owner: id.openapi({ description: 'Id of the user who made it.' }),
    ...{ state, progress, reason },
    createdAt: z.iso.datetime().openapi({ description: 'UTC.' }),
  })
  .openapi('Video');
const status = z
  .object({
    ...{ id, state, progress, reason },
    etaSeconds: z.int().min(0).nullable().openapi({
      description:
        'When it will be available, at the pace so far; null where nothing is encoded, or not known.',
    }),
  })
  .openapi('Status');

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

const retryAfter = {
  'Retry-After': { description: 'When to try again, s.', schema: { type: 'integer' as const } },
};
/** What each problem means here, in general. */
const meanings = {
  400: 'The request is malformed, or names what is not there.',
  401: 'No login, or a wrong one.',
  403: 'It is of another user.',
  404: 'There is none of this id.',
  408: 'The body stopped coming.',
  409: 'It cannot be as things are: a name or address is taken, a limit of yours is reached, or the state is another.',
  410: 'It has expired.',
  412: 'The version of tus is not said, or another.',
  413: 'The body is too large.',
  415: 'The body is of another type.',
  423: 'Another request writes to it.',
  429: 'Too often, or too much at a time.',
  500: 'Something went wrong on our side.',
  503: 'It cannot be served now.',
  507: 'The disk is full.',
} as const;
type Status = keyof typeof meanings;

const refusal = (of: Status) => ({
  description: meanings[of],
  ...(of === 429 || of === 503 ? { headers: retryAfter } : {}),
  content: { 'application/problem+json': { schema: problem } },
});

const refusals = <const S extends Status>(...of: readonly S[]) =>
  Object.fromEntries([...of, 500, 503].map((one) => [one, refusal(one as Status)])) as Record<
    S | 500 | 503,
    ReturnType<typeof refusal>
  >;

/** Where it asks who it is. */
const login = { security: [{ basic: [] }] };
const linked = {
  headers: {
    Link: {
      description: 'The page behind, relative to this request (RFC 8288): `<?after=...>; rel="next"`.',
      schema: { type: 'string' as const },
    },
  },
};
const text = { description: 'In order.', content: { 'text/plain': { schema: z.string() } } };

export const register = createRoute({
  ...{ method: 'post', path: '/users/register', operationId: 'register', tags: ['users'] },
  summary: 'Register a user',
  request: { body: { required: true, content: { 'application/json': { schema: registration } } } },
  responses: { 201: json(registered, 'Registered.'), ...refusals(400, 409, 413, 415, 507) },
});

export const listUsers = createRoute({
  ...{ method: 'get', path: '/users', operationId: 'listUsers', tags: ['users'] },
  summary: 'All users, in pages',
  request: { query: page },
  responses: { 200: { ...json(z.array(user), 'A page, by id.'), ...linked }, ...refusals(400) },
});

export const createVideo = createRoute({
  ...{ method: 'post', path: '/videos', operationId: 'createVideo', tags: ['videos'], ...login },
  summary: 'Create a video, which then waits for its file',
  request: { body: { required: true, content: { 'application/json': { schema: creation } } } },
  responses: { 201: json(video, 'Created.'), ...refusals(400, 401, 409, 413, 415, 429, 507) },
});

export const listVideos = createRoute({
  ...{ method: 'get', path: '/videos', operationId: 'listVideos', tags: ['videos'] },
  summary: 'All videos, in pages',
  description:
    'With `state`, a page may have less than `limit`, even nothing: it goes on as long as there is a `Link`.',
  request: {
    query: page.extend({
      state: state.optional().openapi({ description: 'Those alone in this state.' }),
      owner: idInQuery.optional().openapi({ description: 'Those alone of this user.' }),
    }),
  },
  responses: { 200: { ...json(z.array(video), 'A page, by id.'), ...linked }, ...refusals(400) },
});

export const playVideo = createRoute({
  ...{ method: 'get', path: '/videos/{id}', operationId: 'playVideo', tags: ['videos'] },
  summary: 'The manifest of an available video',
  description:
    'It lies at the gateway, below `/videofiles/{id}`, beside `master.m3u8` (HLS), `poster.jpg` and `thumbnails.vtt`.',
  request: { params: idParameter },
  responses: {
    301: {
      description: 'To the DASH manifest.',
      headers: { Location: { description: 'Its path.', schema: { type: 'string' } } },
    },
    ...refusals(404),
  },
});

export const uploadVideo = createRoute({
  ...{ method: 'post', path: '/videos/{id}', operationId: 'uploadVideo', tags: ['videos'], ...login },
  summary: 'Upload the file of a video that is waitingUpload or notAvailable',
  description:
    'A video that there is not is 400; 404 is one that was deleted while its file came. One that is notAvailable takes another file.',
  request: {
    params: idParameter,
    body: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: z.object({
            file: z.string().openapi({ format: 'binary', description: 'An mp4.' }),
          }),
        },
      },
    },
  },
  responses: {
    202: json(video, 'Taken; it is going to be encoded.'),
    ...refusals(400, 401, 403, 404, 408, 409, 413, 415, 429, 507),
  },
});

export const deleteVideo = createRoute({
  ...{ method: 'delete', path: '/videos/{id}', operationId: 'deleteVideo', tags: ['videos'], ...login },
  summary: 'Delete a video, whatever its state',
  request: { params: idParameter },
  responses: {
    204: { description: 'It is gone, and its name is free.' },
    ...refusals(401, 403, 404, 429, 507),
  },
});

export const videoStatus = createRoute({
  ...{ method: 'get', path: '/videos/{id}/status', operationId: 'videoStatus', tags: ['videos'] },
  summary: 'How far a video has come',
  request: { params: idParameter },
  responses: { 200: json(status, 'State, progress, when it will be done, why it failed.'), ...refusals(404) },
});

export const retryVideo = createRoute({
  ...{ method: 'post', path: '/videos/{id}/retry', operationId: 'retryVideo', tags: ['videos'], ...login },
  summary: 'Process the file of a video that is notAvailable once more',
  request: { params: idParameter },
  responses: { 202: json(video, 'Queued again.'), ...refusals(401, 403, 404, 409, 429, 507) },
});

/** Uploads that may be broken off and go on, by a protocol that has its own description (tus.io). */
const said = (description: string) => z.string().openapi({ description });
const tus = { 'Tus-Resumable': said('The version of the protocol: 1.0.0.').openapi({ example: '1.0.0' }) };
const offset = {
  'Upload-Offset': { description: 'So many bytes are there.', schema: { type: 'integer' as const } },
};
const uploadPath = '/uploads/{id}';
const resumable = { tags: ['resumable uploads'], ...login };

export const createUpload = createRoute({
  ...{ method: 'post', path: '/uploads', operationId: 'createUpload', ...resumable },
  summary: 'Begin an upload that may be broken off and go on (tus 1.0.0)',
  description: 'One at a time for each video: another one begins anew.',
  request: {
    headers: z.object({
      ...tus,
      'Upload-Metadata': said('`video`, and the id of the video as base64.').openapi({
        example: 'video MmYxYzZhMGUtOGQzYi00YTU1LTlhM2MtMGM2YTViN2U5ZDEw',
      }),
      'Upload-Length': said('Bytes of the file.').optional(),
      'Upload-Defer-Length': said('1, in place of the length.').optional(),
    }),
  },
  responses: {
    201: {
      description: 'Begun.',
      headers: {
        Location: { description: 'Where it goes on, relative to this request.', schema: { type: 'string' } },
        'Upload-Expires': { description: 'Until when it may go on.', schema: { type: 'string' } },
      },
    },
    ...refusals(400, 401, 403, 409, 412, 413, 415, 423, 429, 507),
  },
});

export const uploadProtocol = createRoute({
  ...{ method: 'options', path: '/uploads', operationId: 'uploadProtocol', tags: ['resumable uploads'] },
  summary: 'What of tus is spoken here',
  responses: {
    204: {
      description: 'Versions, extensions, and the greatest upload.',
      headers: {
        'Tus-Version': { description: 'Versions.', schema: { type: 'string' } },
        'Tus-Extension': { description: 'Extensions.', schema: { type: 'string' } },
        'Tus-Max-Size': { description: 'Bytes.', schema: { type: 'integer' } },
      },
    },
    ...refusals(),
  },
});

export const uploadOffset = createRoute({
  ...{ method: 'head', path: uploadPath, operationId: 'uploadOffset', ...resumable },
  summary: 'How far an upload has come',
  request: { params: idParameter, headers: z.object(tus) },
  responses: {
    200: {
      description: 'It goes on behind the offset.',
      headers: {
        ...offset,
        'Upload-Length': { description: 'Bytes of the file, if known.', schema: { type: 'integer' } },
      },
    },
    ...refusals(400, 401, 403, 404, 409, 410, 412, 415, 423, 429, 507),
  },
});

export const patchUpload = createRoute({
  ...{ method: 'patch', path: uploadPath, operationId: 'patchUpload', ...resumable },
  summary: 'More bytes of an upload; with the last one, the video is uploaded',
  request: {
    params: idParameter,
    headers: z.object({ ...tus, 'Upload-Offset': said('Where they begin.') }),
    body: {
      required: true,
      content: {
        'application/offset+octet-stream': { schema: z.string().openapi({ format: 'binary' }) },
      },
    },
  },
  responses: {
    204: { description: 'Written.', headers: offset },
    ...refusals(400, 401, 403, 404, 409, 410, 412, 413, 415, 423, 429, 507),
  },
});

export const endUpload = createRoute({
  ...{ method: 'delete', path: uploadPath, operationId: 'endUpload', ...resumable },
  summary: 'Give up an upload',
  request: { params: idParameter, headers: z.object(tus) },
  responses: { 204: { description: 'It is gone.' }, ...refusals(400, 401, 403, 404, 410, 412, 423, 429) },
});

const probe = (path: string, operationId: string, summary: string) =>
  createRoute({
    ...{ method: 'get', path, operationId, summary, tags: ['operation'] },
    responses: { 200: text, ...refusals() },
  });
export const healthz = probe('/healthz', 'health', 'Whether it runs');
export const readyz = probe('/readyz', 'readiness', 'Whether it reaches its store');
export const metrics = probe('/metrics', 'metrics', 'Prometheus metrics');
export const document = createRoute({
  ...{ method: 'get', path: '/openapi.json', operationId: 'openApi', tags: ['operation'] },
  summary: 'This document',
  responses: { 200: json(z.object({}).loose(), 'OpenAPI 3.1.'), ...refusals() },
});

/** Which are described here, and served by a library. */
export const resumableUploads = [uploadProtocol, createUpload, uploadOffset, patchUpload, endUpload] as const;

export const routes = [
  ...[register, listUsers, createVideo, listVideos, playVideo, uploadVideo, deleteVideo, videoStatus],
  ...resumableUploads,
  ...[retryVideo, healthz, readyz, metrics, document],
] as const;

const table = routes.map(({ method, path }) => {
  const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
  return [method.toUpperCase(), path.replace(/\{(\w+)\}/g, ':$1'), pattern] as const;
});

/** What metrics and log lines call each route. */
export const routeOf = routeTable(table);

/** The methods that a path has, in the form of the header `Allow`; empty where there is no such path. */
export const methodsOf = (path: string): string =>
  table
    .filter(([, , pattern]) => pattern.test(path))
    .flatMap(([method]) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ');
