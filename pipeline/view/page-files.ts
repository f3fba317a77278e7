import { Hono } from 'hono';

/** A file of the page, as it is served. */
export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Quoted. */
  readonly etag: string;
}

/** The files by their paths below `/assets/`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

export const INDEX = 'pipeline/view/page/index.html';

/**
 * Nothing but what is served here runs; nothing but it, and the gateway where there is one, is asked; nobody may
 * frame it. A player feeds its video through a `blob:` of its own.
 */
const policyOf = (gateway: string | null): string =>
  [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'"],
    ...['img-src', 'connect-src'].map((asked) => `${asked} 'self' ${gateway ?? ''}`.trimEnd()),
    ...(gateway === null ? [] : ['media-src blob:']),
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; ');

/** The page at `/`, and what it is made of; `gateway` as in `ViewOptions`. */
export function pageApp(files: PageFiles, gateway: string | null): Hono {
  const app = new Hono();
  const policy = policyOf(gateway);
  const serve = (file: PageFile | undefined, known: string | undefined): Response | null => {
    if (!file) return null;
    const headers = {
      'cache-control': 'no-cache',
      'content-security-policy': policy,
      etag: file.etag,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    };
    if (known === file.etag) return new Response(null, { status: 304, headers });
    return new Response(file.body, { headers: { ...headers, 'content-type': file.type } });
  };
  app.get('/', (c) => serve(files.get(INDEX), c.req.header('if-none-match')) ?? c.notFound());
  app.get('/assets/gateway.json', (c) => c.json({ gateway }, 200, { 'cache-control': 'no-cache' }));
  app.get('/assets/*', (c) => {
    const path = c.req.path.slice('/assets/'.length);
    return serve(files.get(path), c.req.header('if-none-match')) ?? c.notFound();
  });
  return app;
}
