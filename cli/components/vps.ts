import { randomUUID } from 'node:crypto';
import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { pause } from '../pause.js';
import { encodeNames } from '../settings.js';

export const vpsCommand = () =>
  componentCommand({
    name: 'vps',
    description: 'video processing: takes jobs, encodes with ffmpeg; start several to share the jobs',
    names: [...clusterNames, 'videos', ...encodeNames, 'sweepAfter'],
    start: async (settings, surroundings) => {
      const { logger, registry, liveness, onStop } = surroundings;
      const { createVps } = await import('../../video/vps/vps.js');
      const { Folders } = await import('../../video/jobs/folders.js');
      const { openTranscoder } = await import('../transcoder.js');
      const { transcoder, announce } = await openTranscoder(settings);
      announce(logger);
      const { log, codec, close } = await connectCluster(settings, surroundings);
      onStop(close);
      const { codecs, encoders, sweepAfter } = settings;
      const vps = createVps({
        ...{ log, codec, registry, codecs, encoders, sweepAfter, pause },
        transcoder: {
          ...transcoder,
          // Jobs take long, and others wait for their turn: all are alive while one gets further.
          encode: (one) => {
            const onProgress = (share: number): void => {
              liveness.beat();
              one.onProgress(share);
            };
            return transcoder.encode({ ...one, onProgress });
          },
        },
        folders: new Folders(settings.videos),
        clock: Date.now,
        monotonic: () => performance.now(),
        newId: randomUUID,
        lines: logger,
      });
      await vps.start();
      onStop(() => vps.stop());
      return { ready: async () => (await vps.app.request('/readyz')).ok };
    },
  });
