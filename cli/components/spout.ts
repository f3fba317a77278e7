import { randomUUID } from 'node:crypto';
import type { RuleSet } from '../../pipeline/model/rule.js';
import { unchanging } from '../../pipeline/stage/rule-source.js';
import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { pause } from '../pause.js';
import { openRedis } from '../redis.js';
import { loadRules, usualRules } from '../rules.js';
import { countedBy, pollerOf, pollerSettings, whileNamed } from '../spout.js';

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
      const initial = loadRules(settings.sla);
      // Asked for once before anything is waited for: a mistake in the settings is told at once.
      await pollerOf(settings, { rules: unchanging(initial), say });
      const { followRules } = await import('../follow-rules.js');
      const accept = (one: RuleSet): void => void countedBy(one, settings);
      const rules = followRules({ rules: initial, accept }, surroundings);
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
      const poll = async (until: AbortSignal): Promise<void> => {
        spout = await make();
        await spout.run(until);
      };
      const run = (until: AbortSignal): Promise<void> =>
        // What scrapes by itself takes all that counts, and asks for the gauges at each poll.
        (settings.prometheusUrl === '' ? poll(until) : whileNamed(rules, poll, until)).finally(() => {
          spout = null;
        });
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
