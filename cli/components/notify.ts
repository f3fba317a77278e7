import { randomUUID } from 'node:crypto';
import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { pause } from '../pause.js';
import { openRedis } from '../redis.js';
import { notifyNames } from '../settings/notify.js';
import { UsageError } from '../usage-error.js';

const LEASE_MS = 5_000;

export const notifyCommand = () =>
  componentCommand({
    name: 'notify',
    description: 'hands alerts over to Alertmanager and to a webhook; of several, one is active',
    names: [...clusterNames, 'redisUrl', 'redisCa', ...notifyNames],
    start: async (settings, surroundings) => {
      const { receiversOf, notifierMaker } = await import('../notify.js');
      const { runActive } = await import('../../pipeline/stage/active.js');
      const { Lease } = await import('../../platform/store/lease.js');
      const { logger, registry, liveness, onFatal, onStop } = surroundings;
      const receivers = receiversOf(settings);
      if (receivers.length === 0)
        throw new UsageError('there is nobody to tell: set TIDEMARK_ALERTMANAGER or TIDEMARK_WEBHOOK');
      const say = (level: 'info' | 'warn' | 'error', message: string): void => logger[level](message);
      const store = await openRedis({ url: settings.redisUrl, ca: settings.redisCa }, surroundings);
      const { log, codec, close } = await connectCluster(settings, surroundings);
      onStop(close);
      const telling = new AbortController();
      liveness.watch('notify', telling.signal);
      const lease = new Lease({
        ...{ store, pause, owner: randomUUID(), lastsMs: LEASE_MS, key: 'lease/notify' },
        clock: () => performance.now(),
      });
      const { watchdogAfter: staleAfter } = settings;
      const make = notifierMaker(
        { log, codec, store, receivers, pause: liveness.pause, say, staleAfter },
        registry,
      );
      const told = runActive(
        { lease, name: 'notifier', make, pause: liveness.pause, say },
        telling.signal,
      ).catch(onFatal);
      onStop(async () => {
        telling.abort();
        await told;
      });
      return {};
    },
  });
