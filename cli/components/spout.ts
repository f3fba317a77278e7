import { randomUUID } from 'node:crypto';
import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { pause } from '../pause.js';
import { openRedis } from '../redis.js';
import { loadRules, usualRules } from '../rules.js';
import { pollerOf, pollerSettings } from '../spout.js';

const LEASE_MS = 5_000;

export const spoutCommand = () =>
  componentCommand({
    name: 'spout',
    description: 'writes to the log what Prometheus scrapes, or what it scrapes from targets itself',
    names: [...clusterNames, ...pollerSettings, 'source', 'sla', 'leaseUrl', 'redisCa'],
    defaults: { sla: usualRules() },
    start: async (settings, surroundings) => {
      const { Spout } = await import('../../pipeline/spout/spout.js');
      const { runActive } = await import('../../pipeline/stage/active.js');
      const { logger, registry, liveness, onFatal, onStop } = surroundings;
      const say = (level: 'info' | 'warn' | 'error', message: string): void => logger[level](message);
      const rules = loadRules(settings.sla);
      // Asked for once before anything is waited for: a mistake in the settings is told at once.
      await pollerOf(settings, { rules, say });
      // The lease by which one of several spouts of a name is active; without, a spout is alone.
      const { leaseUrl, redisCa: ca } = settings;
      const store = leaseUrl === null ? null : await openRedis({ url: leaseUrl, ca }, surroundings);
      const { log, codec, close } = await connectCluster(settings, surroundings);
      onStop(close);
      let spout: InstanceType<typeof Spout> | null = null;
      const monotonic = (): number => performance.now();
      const make = async (): Promise<InstanceType<typeof Spout>> =>
        new Spout({
          ...{ log, codec, monotonic, say },
          pause: liveness.pause,
          poller: await pollerOf(settings, { rules, say }),
          name: settings.source,
          interval: settings.scrapeInterval,
          clock: Date.now,
        });
      const { exposeSpout } = await import('../spout-metrics.js');
      exposeSpout(registry, () => spout);
      const polling = new AbortController();
      liveness.watch('spout', polling.signal);
      const run = async (until: AbortSignal): Promise<void> => {
        try {
          spout = await make();
          await spout.run(until);
        } finally {
          spout = null;
        }
      };
      const { Lease } = await import('../../platform/store/lease.js');
      const polled = (
        store
          ? runActive(
              {
                lease: new Lease({
                  // It renews itself beside what it is held for: that says nothing of the spout.
                  ...{ store, pause, clock: monotonic, owner: randomUUID(), lastsMs: LEASE_MS },
                  key: `lease/spout/${settings.source}`,
                }),
                name: 'spout',
                make: () => ({ run }),
                ...{ pause: liveness.pause, say },
              },
              polling.signal,
            )
          : run(polling.signal)
      ).catch(onFatal);
      onStop(async () => {
        polling.abort();
        await polled;
      });
      // One that stands by is ready too.
      return { ready: () => Promise.resolve(store !== null || (spout?.watermark ?? null) !== null) };
    },
  });
