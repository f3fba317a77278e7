import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { textWithin } from '../../platform/http/body.js';
import { requestIdOf } from '../../platform/http/request-id.js';
import { traceIdOf } from '../../platform/http/trace-parent.js';
import type { Line, Lines } from '../../platform/telemetry/lines.js';
import type { Logins } from './logins.js';
import type { User } from './records.js';
import { Refusal } from './refusal.js';
import { routeOf } from './routes.js';
import type { Asked } from './uploads.js';

/** What is worth a line of its own, whatever comes of it. */
export interface Audit {
  readonly action: 'register' | 'login' | 'create' | 'upload' | 'delete' | 'retry';
  readonly user: string | null;
  readonly video?: string | null;
  readonly bytes?: number;
}

export interface Env {
  Variables: {
    asked: Asked & { readonly requestId: string };
    user: User;
    audit?: Audit | null;
    /** Why it was not granted, where it was not. */
    refusal?: Refusal;
  };
}

const BODY_BYTES = 64 * 1024;
/** Asked for again and again by machines. */
const silent = new Set(['/healthz', '/readyz', '/metrics']);
const jsonType = /^application\/json(?:;\s*[a-zA-Z0-9-]+=[^;]+)*$/i;

export interface AccountOptions {
  readonly lines: Lines;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly newRequestId: () => string;
}

/** Gives each request its id, and writes a line of it, and one for the audit where it would change something. */
export const account = ({ lines, monotonic, newRequestId }: AccountOptions): MiddlewareHandler<Env> =>
  createMiddleware<Env>(async (c, next) => {
    const since = monotonic();
    const requestId = requestIdOf(c.req.header('x-request-id')) ?? newRequestId();
    const said = c.req.header('traceparent') ?? null;
    const traceId = traceIdOf(said);
    // One that is none is not carried on.
    c.set('asked', { requestId, traceparent: traceId === null ? null : said });
    await next();
    c.header('x-request-id', requestId);
    const { method, path } = c.req;
    const route = routeOf(method, path);
    if (silent.has(route)) return;
    const { status } = c.res;
    const ms = Math.round(monotonic() - since);
    const common: Line = { component: 'vms', requestId, traceId, status, ms };
    const audit = c.get('audit');
    if (audit)
      lines.info({ ...common, audit: true, ...detailsOf(audit, c.get('refusal')) }, saidOf(audit, status));
    lines.info({ ...common, method, route }, 'request');
  });

const detailsOf = ({ action, user, video = null, bytes }: Audit, refusal: Refusal | undefined): Line => ({
  ...{ action, user, video },
  ...(bytes === undefined ? {} : { bytes }),
  ...(refusal ? { reason: refusal.message } : {}),
  ...(refusal?.more.limit ? { limit: refusal.more.limit } : {}),
});

const saidOf = ({ action }: Audit, status: number): string =>
  `${action} ${status < 400 ? 'done' : status < 500 ? 'refused' : 'failed'}`;

/** Goes on with whoever is logged in alone; `action` is what the audit calls it, null where that is said later. */
export const loggedIn = (logins: Logins, action: Audit['action'] | null): MiddlewareHandler<Env> =>
  createMiddleware<Env>(async (c, next) => {
    const authorization = c.req.header('authorization');
    // Whom the gateway saw, before proxies that it trusts: behind these, all would have one address.
    const address = c.req.header('x-real-ip') ?? '';
    const onClaim = (claimed: string | null): void => c.set('audit', { action: 'login', user: claimed });
    const user = await logins.of({ authorization, address, onClaim });
    if (!user) {
      throw new Refusal(401, 'log in with your e-mail address and password', {
        headers: { 'www-authenticate': 'Basic realm="videos"' },
      });
    }
    c.set('user', user);
    const video = c.req.param('id') ?? null;
    c.set('audit', action === null ? null : { action, user: user.id, video });
    await next();
  });

/** Goes on with JSON of bounded size alone. */
export const jsonBody: MiddlewareHandler<Env> = createMiddleware<Env>(async (c, next) => {
  if (!jsonType.test(c.req.header('content-type') ?? ''))
    throw new Refusal(415, 'send JSON, with content-type: application/json');
  const text = await textWithin(c.req.raw.body, BODY_BYTES);
  if (text === null) throw new Refusal(413, `the body may have ${BODY_BYTES} bytes at most`);
  try {
    JSON.parse(text);
  } catch {
    throw new Refusal(400, 'the body is no JSON');
  }
  // What has been read is read no second time: the check against the schema takes it from here.
  Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
  await next();
});
