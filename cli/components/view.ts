import type { Listening } from '../../platform/http/serve.js';
import { accessOf } from '../access.js';
import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { readPage } from '../page.js';
import { pause } from '../pause.js';
import { openRedis } from '../redis.js';

const DRAIN_MS = 5_000;

export const viewCommand = () =>
  componentCommand({
    name: 'view',
    description: 'alerts, their history and windows over HTTP, as streams and lists',
    names: [...clusterNames, 'redisUrl', 'redisCa', 'history', 'token', 'gatewayUrl', 'port'],
    drainMs: DRAIN_MS,
    start: async (settings, surroundings) => {
      const { logger, registry, onFatal, onStop } = surroundings;
      const { createView } = await import('../../pipeline/view/view.js');
      const { serve } = await import('../../platform/http/serve.js');
      const { exposeAlerts } = await import('../alert-metrics.js');
      const { log, codec, close } = await connectCluster(settings, surroundings);
      onStop(close);
      const view = createView({
        ...{ log, codec, pause, onFatal },
        access: accessOf(settings),
        page: readPage(),
        gateway: settings.gatewayUrl,
        store: await openRedis({ url: settings.redisUrl, ca: settings.redisCa }, surroundings),
        retention: settings.history,
        clock: Date.now,
        monotonic: () => performance.now(),
        warn: (text) => logger.warn(text),
      });
      await view.start();
      exposeAlerts(registry, () => view.active);
      let listening: Listening | null = null;
      onStop(async () => {
        // First the event streams, which would hold the port open.
        await view.close();
        await listening?.close(DRAIN_MS);
      }, DRAIN_MS);
      const { host, port } = settings;
      listening = await serve({ fetch: view.app.fetch as never, host, port });
      return { url: listening.url, ready: () => view.ready() };
    },
  });
