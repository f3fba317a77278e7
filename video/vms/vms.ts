import { type Context, Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { HttpMetrics } from '../../platform/http/metrics.js';
import { problem } from '../../platform/http/problem.js';
import type { Store } from '../../platform/store/store.js';
import { Directory } from './directory.js';
import { Passwords } from './passwords.js';
import { creation, registration, type User, type Video } from './records.js';

export interface VmsOptions {
  readonly store: Store;
  readonly registry: Registry;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly newId: () => string;
}

const BODY_BYTES = 64 * 1024;

/** Video management: users, and the videos that they announce. */
export function createVms(options: VmsOptions): Hono {
  const { registry, newId, clock, monotonic } = options;
  const directory = new Directory(options.store);
  const passwords = new Passwords(monotonic);
  const metrics = new HttpMetrics(registry, 'vms');
  const app = new Hono();

  app.use(async (c, next) => {
    const since = monotonic();
    await next();
    const requestBytes = Number(c.req.header('content-length') ?? 0);
    const responseBytes = Number(c.res.headers.get('content-length') ?? 0);
    const route =
      routes.find(([method, , pattern]) => method === c.req.method && pattern.test(c.req.path))?.[1] ??
      'unmatched';
    const { method } = c.req;
    metrics.observe({
      route,
      method,
      status: c.res.status,
      seconds: (monotonic() - since) / 1000,
      requestBytes,
      responseBytes,
    });
  });

  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', async (c) => {
    await options.store.get('ready');
    return c.text('ok');
  });
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );

  app.post('/users/register', async (c) => {
    const body = await readBody(c, registration);
    if (body instanceof Response) return body;
    const { name, email, password } = body;
    const user: User = { id: newId(), name, email, passwordHash: await passwords.hash(password) };
    if (!(await directory.addUser(user))) return problem(409, `${email} is registered already`);
    return c.json({ id: user.id, name, email }, 201);
  });

  app.get('/users', async (c) => c.json((await directory.users()).map(({ id, name }) => ({ id, name }))));

  app.post('/videos', async (c) => {
    const user = await authenticate(c.req.header('authorization'), directory, passwords);
    if (!user)
      return problem(401, 'log in with your e-mail address and password', {
        'www-authenticate': 'Basic realm="videos"',
      });
    const body = await readBody(c, creation);
    if (body instanceof Response) return body;
    const createdAt = new Date(clock()).toISOString();
    const video: Video = { id: newId(), ...body, owner: user.id, state: 'waitingUpload', createdAt };
    if (!(await directory.addVideo(video)))
      return problem(409, `you have a video called "${body.name}" already`);
    return c.json(video, 201);
  });

  app.get('/videos', async (c) => c.json(await directory.videos()));

  app.get('/videos/:id', async (c) => {
    const video = await directory.video(c.req.param('id'));
    if (video?.state !== 'available')
      return problem(404, 'there is no such video, or it is not available yet');
    return c.redirect(`/videofiles/${video.id}/video.mpd`, 301);
  });

  app.notFound((c) => problem(404, `there is nothing at ${c.req.path}`));
  app.onError((error) =>
    problem(500, error.name === 'LogError' ? error.message : 'something went wrong on our side'),
  );
  return app;
}

/** What the metrics call each route. */
const routes: readonly (readonly [string, string, RegExp])[] = [
  ['POST', '/users/register', /^\/users\/register$/],
  ['GET', '/users', /^\/users$/],
  ['POST', '/videos', /^\/videos$/],
  ['GET', '/videos', /^\/videos$/],
  ['GET', '/videos/:id', /^\/videos\/[^/]+$/],
  ['GET', '/healthz', /^\/healthz$/],
  ['GET', '/readyz', /^\/readyz$/],
  ['GET', '/metrics', /^\/metrics$/],
];

/** The body as the schema says, or the answer that says why not. */
async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(c.req.header('content-type') ?? ''))
    return problem(415, 'send JSON, with content-type: application/json');
  const text = await limited(c.req.raw.body);
  if (text === null) return problem(413, `the body may have ${BODY_BYTES} bytes at most`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return problem(400, 'the body is no JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  return problem(
    400,
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
  );
}

async function limited(body: ReadableStream<Uint8Array> | null): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > BODY_BYTES) return null;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** HTTP basic, with e-mail address and password. */
async function authenticate(
  header: string | undefined,
  directory: Directory,
  passwords: Passwords,
): Promise<User | null> {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const credential = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = credential.indexOf(':');
  if (colon < 0) return null;
  const user = await directory.userByEmail(credential.slice(0, colon));
  const verified = await passwords.verify(
    credential.slice(0, colon),
    credential.slice(colon + 1),
    user?.passwordHash ?? null,
  );
  return verified ? user : null;
}
