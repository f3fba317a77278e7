import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Codec } from '../platform/codec/codec.js';
import { type Listening, serve } from '../platform/http/serve.js';
import type { EventLog } from '../platform/log/event-log.js';
import type { Store } from '../platform/store/store.js';
import type { Logger } from '../platform/telemetry/logger.js';
import { createRegistry } from '../platform/telemetry/registry.js';
import { TranscodeError, type Transcoder } from '../platform/transcoder/transcoder.js';
import { Folders } from '../video/jobs/folders.js';
import { createVms } from '../video/vms/vms.js';
import { createVps } from '../video/vps/vps.js';
import { pause } from './pause.js';
import type { Settings } from './settings.js';
import { openTranscoder } from './transcoder.js';

export interface VideoOptions {
  readonly settings: Settings;
  readonly store: Store;
  readonly log: EventLog;
  readonly codec: Codec;
  /** Name of this replica of video management: no two at a time may have the same. */
  readonly replica: string;
  readonly logger: Logger;
}

export interface RunningVideo {
  readonly vms: Listening;
  /** Null without ffmpeg. */
  readonly vps: Listening | null;
  readonly folders: Folders;
  /** Says by what videos are encoded, or why they are not. */
  announce(): void;
  stop(): Promise<void>;
}

const DRAIN_MS = 5_000;

/** Starts video management, and video processing where ffmpeg is there. */
export async function startVideo({
  settings,
  store,
  log,
  codec,
  replica,
  logger,
}: VideoOptions): Promise<RunningVideo> {
  const folders = new Folders(join(settings.data, 'videos'));
  const { uploadLimit, sweepAfter, codecs, encoders } = settings;
  const common = {
    log,
    codec,
    folders,
    sweepAfter,
    clock: Date.now,
    monotonic: () => performance.now(),
    newId: randomUUID,
    pause,
  };
  const warn = (text: string): void => logger.warn(text);
  const vms = createVms({ ...common, warn, store, replica, uploadLimit, registry: createRegistry() });
  await vms.start();
  const { transcoder, announce } = await usualTranscoder(settings, logger);
  const encoding = { codecs, encoders, registry: createRegistry(), lines: logger };
  const vps = transcoder && createVps({ ...common, ...encoding, transcoder });
  await vps?.start();
  const listen = (app: { readonly fetch: unknown }): Promise<Listening> =>
    serve({ fetch: app.fetch as never, host: '127.0.0.1', port: 0 });
  const [front, back] = [await listen(vms.app), vps && (await listen(vps.app))];
  return {
    vms: front,
    vps: back,
    folders,
    announce,
    stop: async () => {
      await front.close(DRAIN_MS);
      await vps?.stop();
      await vms.stop();
      await back?.close(DRAIN_MS);
    },
  };
}

/** The transcoder over what this machine has; null where it has nothing. */
async function usualTranscoder(
  settings: Settings,
  logger: Logger,
): Promise<{ readonly transcoder: Transcoder | null; announce(): void }> {
  try {
    const { transcoder, announce } = await openTranscoder(settings);
    return { transcoder, announce: () => announce(logger) };
  } catch (error) {
    if (!(error instanceof TranscodeError)) throw error;
    return {
      transcoder: null,
      announce: () =>
        logger.error(`videos cannot be encoded, all else works: ${error.message} and start again`),
    };
  }
}
