import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Registry } from 'prom-client';
import { instrument } from '../../platform/http/instrument.js';
import { outage } from '../../platform/http/outage.js';
import { problem } from '../../platform/http/problem.js';
import type { LogError } from '../../platform/log/event-log.js';
import { toldByStore } from '../../platform/store/store.js';
import { etaSeconds } from './eta.js';
import { deleteVideo, retryVideo } from './lifecycle.js';
import { linkNext } from './listing.js';
import { Logins } from './logins.js';
import { describeApi } from './openapi.js';
import { Passwords } from './passwords.js';
import { publicVideo, shownProgress, type User, type Video } from './records.js';
import { noSuchVideo, Refusal } from './refusal.js';
import { type AccountOptions, account, type Env, jsonBody, loggedIn } from './requests.js';
import { type ResumableContext, ResumableUploads } from './resumable.js';
import * as routes from './routes.js';
import { refusalOf, takeUpload, uploadable } from './uploads.js';
import { OverLimit } from './usage.js';

export interface ApiOptions extends ResumableContext, AccountOptions {
  readonly registry: Registry;
}

/** The REST API of video management. */
export function createApi(options: ApiOptions): OpenAPIHono<Env> {
  const { registry, monotonic, directory, clock, newId, lines } = options;
  const passwords = new Passwords(monotonic);
  const logins = new Logins({ directory, passwords, clock: monotonic });
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (result.success) return;
      const { issues } = result.error;
      throw new Refusal(
        400,
        issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
      );
    },
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'basic', {
    ...{ type: 'http', scheme: 'basic', description: 'E-mail address and password.' },
  });
  app.use(instrument({ registry, service: 'vms', monotonic, routeOf: routes.routeOf }));
  app.use(account(options));

  app.openapi(routes.healthz, (c) => c.text('ok', 200));
  app.openapi(routes.readyz, async (c) => {
    await directory.store.get('ready');
    return c.text('ok', 200);
  });
  app.openapi(routes.metrics, async (c) =>
    c.text(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
  app.openapi(routes.document, (c) => c.json(describeApi(app), 200));

  app.openapi({ ...routes.register, middleware: [jsonBody] }, async (c) => {
    const { name, email, password } = c.req.valid('json');
    c.set('audit', { action: 'register', user: null });
    const user: User = { id: newId(), name, email, passwordHash: await passwords.hash(password) };
    if (!(await directory.addUser(user))) throw new Refusal(409, `${email} is registered already`);
    c.set('audit', { action: 'register', user: user.id });
    return c.json({ id: user.id, name, email }, 201);
  });

  app.openapi(routes.listUsers, async (c) => {
    const { limit, after = '' } = c.req.valid('query');
    const { items, next } = await directory.users({ limit, after });
    linkNext(c, next);
    return c.json(
      items.map(({ id, name }) => ({ id, name })),
      200,
    );
  });

  app.openapi({ ...routes.createVideo, middleware: [loggedIn(logins, 'create'), jsonBody] }, async (c) => {
    const { id: owner } = c.get('user');
    const body = c.req.valid('json');
    const createdAt = new Date(clock()).toISOString();
    const fresh = { upload: null, uploadedAt: null, endedAt: null, bytes: 0 };
    const unknown = { progress: 0, encoding: null, reason: null };
    const video: Video = {
      id: newId(),
      ...body,
      owner,
      state: 'waitingUpload',
      createdAt,
      ...fresh,
      ...unknown,
    };
    if (!(await directory.addVideo(video, options.most)))
      throw new Refusal(409, `you have a video called "${body.name}" already`);
    c.set('audit', { action: 'create', user: owner, video: video.id });
    return c.json(publicVideo(video), 201);
  });

  app.openapi(routes.listVideos, async (c) => {
    const { limit, after = '', owner, state } = c.req.valid('query');
    const filters = { ...(owner === undefined ? {} : { owner }), ...(state === undefined ? {} : { state }) };
    const { items, next } = await directory.videos({ limit, after, ...filters });
    linkNext(c, next);
    return c.json(items.map(publicVideo), 200);
  });

  app.openapi(routes.playVideo, async (c) => {
    const video = await directory.video(c.req.valid('param').id);
    if (video?.state !== 'available')
      throw new Refusal(404, 'there is no such video, or it is not available yet');
    return c.redirect(`/videofiles/${video.id}/video.mpd`, 301);
  });

  app.openapi(routes.videoStatus, async (c) => {
    const video = await directory.video(c.req.valid('param').id);
    if (!video) throw noSuchVideo();
    const { id, state, reason } = video;
    const eta = etaSeconds(video, clock());
    return c.json({ id, state, progress: shownProgress(video), reason, etaSeconds: eta }, 200);
  });

  // Described as the others are, but not checked as they are: a form would be read into memory as a whole.
  app.openAPIRegistry.registerPath(routes.uploadVideo);
  app.post(routes.uploadVideo.getRoutingPath(), loggedIn(logins, 'upload'), async (c) => {
    const user = c.get('user');
    const id = c.req.param('id');
    const sent = Number(c.req.header('content-length') ?? Number.NaN);
    if (Number.isFinite(sent)) c.set('audit', { action: 'upload', user: user.id, video: id, bytes: sent });
    const video = await uploadable(id, user, directory);
    const { body } = c.req.raw;
    if (!body) throw new Refusal(400, 'the request has no body');
    const upload = {
      ...c.get('asked'),
      body: Readable.fromWeb(body as ReadableStream),
      contentType: c.req.header('content-type') ?? '',
    };
    const taken = await takeUpload(video, upload, options);
    c.set('audit', { action: 'upload', user: user.id, video: taken.id, bytes: taken.bytes });
    return c.json(publicVideo(taken), 202);
  });

  const uploads = new ResumableUploads(options);
  for (const route of routes.resumableUploads) app.openAPIRegistry.registerPath(route);
  app.options('/uploads', (c) => uploads.options(c.req.raw));
  app.post('/uploads', loggedIn(logins, null), async (c) => {
    const answer = await uploads.create(c.req.raw, c.get('user'), c.get('asked'));
    audited(c, uploads.takenBy(c.req.raw));
    return answer;
  });
  // A HEAD comes as a GET, which there is none of.
  app.on(['GET', 'PATCH', 'DELETE'], '/uploads/:id', loggedIn(logins, null), async (c) => {
    if (c.req.method === 'GET')
      throw new Refusal(405, 'ask with HEAD', { headers: { allow: 'HEAD, PATCH, DELETE' } });
    const answer = await uploads.goOn(c.req.param('id'), c.req.raw, c.get('user'), c.get('asked'));
    audited(c, uploads.takenBy(c.req.raw));
    return answer;
  });

  app.openapi({ ...routes.deleteVideo, middleware: [loggedIn(logins, 'delete')] }, async (c) => {
    const { id } = c.req.valid('param');
    const { requestId } = c.get('asked');
    const onLeft = (why: unknown): void =>
      lines.warn({ component: 'vms', requestId, video: id }, `removing the files of a video: ${why}`);
    await deleteVideo(id, c.get('user'), { ...options, onLeft });
    return c.body(null, 204);
  });

  app.openapi({ ...routes.retryVideo, middleware: [loggedIn(logins, 'retry')] }, async (c) => {
    const { id } = c.req.valid('param');
    const video = await retryVideo(id, c.get('user'), { ...options, asked: c.get('asked') });
    return c.json(publicVideo(video), 202);
  });

  app.notFound((c) => {
    const allow = routes.methodsOf(c.req.path);
    if (allow === '') return problem(404, `there is nothing at ${c.req.path}`);
    return problem(405, `${c.req.method} is not for here: ask with ${allow}`, { allow });
  });
  app.onError((thrown, c) => {
    const error = thrown instanceof OverLimit ? refusalOf(thrown) : thrown;
    if (error instanceof Refusal) {
      c.set('refusal', error);
      return error.answer();
    }
    // What the checks against the schemas say by themselves.
    if (error instanceof HTTPException) return problem(error.status, error.message);
    // The message names a folder of ours, and is for the log alone.
    const isFull = (error as Partial<LogError>).code === 'NoSpace';
    const unavailable = isFull ? problem(507, 'there is no room left here') : outage(error);
    const { requestId } = c.get('asked');
    const said = unavailable ? error.message : `${error.stack ?? error.message}`;
    if (!toldByStore(error)) lines.warn({ component: 'vms', requestId }, said);
    return unavailable ?? problem(500, 'something went wrong on our side');
  });
  return app;
}

/** Of an upload in parts, the one that makes it complete is what counts. */
function audited(c: Context<Env>, taken: Video | null): void {
  if (taken) c.set('audit', { action: 'upload', user: taken.owner, video: taken.id, bytes: taken.bytes });
}
