import { mkdir } from 'node:fs/promises';
import type { Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Codec } from '../../platform/codec/codec.js';
import { traceIdOf } from '../../platform/http/trace-parent.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { type Store, toldByStore } from '../../platform/store/store.js';
import type { Lines } from '../../platform/telemetry/lines.js';
import type { VideoEvent } from '../../schemas/types.js';
import { type Consumer, consume } from '../jobs/consume.js';
import type { Folders } from '../jobs/folders.js';
import { videoGroups, videoTopics } from '../jobs/topics.js';
import { createApi } from './api.js';
import { Directory } from './directory.js';
import { applyEvent } from './events.js';
import { OutboxRelay } from './outbox.js';
import { shownProgress } from './records.js';
import type { Env } from './requests.js';
import { UploadSlots } from './slots.js';
import { sweep } from './sweeper.js';
import type { UserLimits } from './usage.js';

export interface VmsOptions {
  readonly store: Store;
  readonly log: EventLog;
  readonly codec: Codec;
  readonly folders: Folders;
  readonly registry: Registry;
  readonly lines: Lines;
  /** Greatest upload, bytes. */
  readonly uploadLimit: number;
  /** What a user may have at most. */
  readonly most: UserLimits;
  /** Files that nobody has touched for so long, and that nothing refers to, are removed, ms. */
  readonly sweepAfter: number;
  /** A video whose file did not come for so long, and an upload that does not go on, is removed, ms. */
  readonly abandonAfter: number;
  /** For so long the upload of a video that failed is kept, ms. */
  readonly keepFailed: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly newId: () => string;
  /** Of a request that comes without one. */
  readonly newRequestId: () => string;
  /** Name of this replica: no two at a time may have the same. */
  readonly replica: string;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Vms {
  readonly app: Hono<Env>;
  /** Begins to publish jobs, and to take up what became of them. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const SWEEP_MS = 60_000;
const GIVE_UP_MS = 24 * 3_600_000;

/** Video management: users, their videos, and how far these have come. */
export function createVms(options: VmsOptions): Vms {
  const { store, log, codec, folders, lines, clock, pause, most } = options;
  const directory = new Directory(store);
  const relay = new OutboxRelay(options);
  const context = { ...options, directory, relay, slots: new UploadSlots(most.uploads) };
  const app = createApi(context);
  const warn = (message: string): void => lines.warn({ component: 'vms' }, message);

  const handle = async (event: VideoEvent): Promise<readonly []> => {
    const { video, job, kind, requestId, traceparent } = event;
    const changed = await applyEvent(event, { directory, folders, clock });
    const traceId = traceIdOf(traceparent);
    if (changed) {
      const now = { state: changed.state, progress: shownProgress(changed) };
      lines.info({ component: 'vms', requestId, traceId, video, job, kind, ...now }, 'event applied');
    }
    return [];
  };

  const ended = new AbortController();
  let consumer: Consumer | null = null;
  let background: Promise<unknown> = Promise.resolve();
  const sweeping = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await sweep({ ...options, directory, giveUpAfter: GIVE_UP_MS }).catch((error: unknown) => {
        if (!toldByStore(error)) warn(`sweeping: ${error}`);
      });
      await pause(Math.min(SWEEP_MS, options.sweepAfter), ended.signal);
    }
  };

  return {
    app,
    start: async () => {
      for (const folder of folders.all) await mkdir(folder, { recursive: true });
      await directory.listOwners();
      const [group, topic] = [videoGroups.events, videoTopics.events];
      consumer = await consume({ log, codec, group, topic, type: 'VideoEvent', pause, warn, handle });
      background = Promise.all([relay.run(ended.signal), sweeping()]);
    },
    stop: async () => {
      ended.abort();
      await consumer?.stop();
      await background;
    },
  };
}
