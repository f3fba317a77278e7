import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { pause } from '../pause.js';
import { openRedis } from '../redis.js';
import { limitsOf, videoNames } from '../settings/videos.js';

const DRAIN_MS = 25_000;

export const vmsCommand = () =>
  componentCommand({
    name: 'vms',
    description: 'video management: users, videos, uploads',
    names: [
      ...clusterNames,
      'redisUrl',
      'redisCa',
      'port',
      'videos',
      'uploadLimit',
      'sweepAfter',
      ...videoNames,
    ],
    drainMs: DRAIN_MS,
    start: async (settings, surroundings) => {
      const { logger, registry, onStop } = surroundings;
      const { createVms } = await import('../../video/vms/vms.js');
      const { Folders } = await import('../../video/jobs/folders.js');
      const { serve } = await import('../../platform/http/serve.js');
      const { redisUrl, redisCa: ca } = settings;
      const store = await openRedis({ url: redisUrl, ca }, surroundings);
      const { log, codec, close } = await connectCluster(settings, surroundings);
      onStop(close);
      const vms = createVms({
        ...{ store, log, codec, registry, pause, lines: logger },
        // Nobody else has this name, and after a restart the pod has its lease back at once.
        replica: hostname(),
        folders: new Folders(settings.videos),
        uploadLimit: settings.uploadLimit,
        most: limitsOf(settings),
        sweepAfter: settings.sweepAfter,
        abandonAfter: settings.abandonAfter,
        keepFailed: settings.keepFailed,
        clock: Date.now,
        monotonic: () => performance.now(),
        newId: randomUUID,
        newRequestId: randomUUID,
      });
      await vms.start();
      onStop(() => vms.stop());
      const { host, port } = settings;
      const listening = await serve({ fetch: vms.app.fetch as never, host, port });
      onStop(() => listening.close(DRAIN_MS), DRAIN_MS);
      return { url: listening.url, ready: async () => (await vms.app.request('/readyz')).ok };
    },
  });
