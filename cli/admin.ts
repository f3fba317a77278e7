import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Liveness } from './liveness.js';

export interface AdminOptions {
  readonly registry: Registry;
  readonly liveness: Pick<Liveness, 'stuck'>;
  /** Whether it can do its work now. */
  readonly ready: () => Promise<boolean>;
}

/** What those who run a component ask it: /metrics, /healthz (restart it where this fails) and /readyz. */
export function adminApp({ registry, liveness, ready }: AdminOptions): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => {
    const { stuck } = liveness;
    return stuck.length === 0 ? c.text('ok') : c.text(`stuck: ${stuck.join(', ')}`, 503);
  });
  app.get('/readyz', async (c) =>
    (await ready().catch(() => false)) ? c.text('ok') : c.text('not ready', 503),
  );
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
  return app;
}
