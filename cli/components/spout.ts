import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { pause } from '../pause.js';
import { UsageError } from '../usage-error.js';

export const spoutCommand = () =>
  componentCommand({
    name: 'spout',
    description: 'reads the metrics of targets and writes them to the log',
    names: [...clusterNames, 'source', 'scrapeInterval', 'target'],
    start: async (settings, { logger, onFatal, signal, onStop }) => {
      if (settings.target.length === 0)
        throw new UsageError('--target (TIDEMARK_TARGET) is missing: name at least one, as name=url');
      const { Spout } = await import('../../pipeline/spout/spout.js');
      const { scrapeHttp } = await import('../../platform/scrape/http-scrape.js');
      const { log, codec, close } = await connectCluster(settings, { logger, onFatal, signal });
      onStop(close);
      const spout = new Spout({
        ...{ log, codec, pause },
        source: { targets: settings.target, scrape: ({ url }, until) => scrapeHttp(url, until) },
        name: settings.source,
        interval: settings.scrapeInterval,
        clock: Date.now,
        monotonic: () => performance.now(),
        say: (level, message) => logger[level](message),
      });
      const polling = new AbortController();
      const polled = spout.run(polling.signal).catch(onFatal);
      onStop(async () => {
        polling.abort();
        await polled;
      });
      return { ready: () => Promise.resolve(spout.watermark !== null) };
    },
  });
