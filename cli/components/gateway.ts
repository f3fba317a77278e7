import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { componentCommand } from '../component.js';

const DRAIN_MS = 25_000;

export const gatewayCommand = () =>
  componentCommand({
    name: 'gateway',
    description: 'the front door of the video platform',
    names: [
      ...(['port', 'vmsUrl', 'videos', 'viewOrigin', 'uploadLimit', 'timeout', 'maxInFlight'] as const),
      ...(['rateLimit', 'trustedProxies', 'drainWait'] as const),
    ],
    drainMs: DRAIN_MS,
    start: async (settings, { logger, registry, onStop }) => {
      const { createGateway } = await import('../../gateway/gateway.js');
      const { serve } = await import('../../platform/http/serve.js');
      const { host, port, vmsUrl: vms, videos, viewOrigin, uploadLimit, timeout: timeoutMs } = settings;
      const { maxInFlight, rateLimit: rate, trustedProxies, drainWait } = settings;
      const gateway = createGateway({
        ...{ vms, registry, viewOrigin, uploadLimit, timeoutMs, maxInFlight, rate, trustedProxies },
        videoFiles: join(videos, 'published'),
        newId: randomUUID,
        monotonic: () => performance.now(),
        log: logger,
      });
      onStop(() => gateway.close());
      const listening = await serve({ ...gateway, fetch: gateway.fetch as never, host, port });
      onStop(() => {
        gateway.drain();
        return listening.close(DRAIN_MS, drainWait);
      }, drainWait + DRAIN_MS);
      return { url: listening.url };
    },
  });
