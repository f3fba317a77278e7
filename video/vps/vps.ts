import { mkdir } from 'node:fs/promises';
import { Hono } from 'hono';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Codec } from '../../platform/codec/codec.js';
import { instrument, routeTable } from '../../platform/http/instrument.js';
import { traceIdOf } from '../../platform/http/trace-parent.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { Lines } from '../../platform/telemetry/lines.js';
import type { Rendition, Transcoder } from '../../platform/transcoder/transcoder.js';
import type { VideoJob } from '../../schemas/types.js';
import { type Consumer, consume } from '../jobs/consume.js';
import { discard, type Folders, freeBytes, list } from '../jobs/folders.js';
import { eventOutput, videoGroups, videoTopics } from '../jobs/topics.js';
import { type AttemptsOptions, processWithAttempts } from './attempts.js';
import { type Limits, usualLimits } from './limits.js';
import { Slots } from './slots.js';

export interface VpsOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly registry: Registry;
  readonly folders: Folders;
  readonly transcoder: Transcoder;
  readonly codecs: readonly Rendition['codec'][];
  readonly limits?: Limits;
  /** How many videos are encoded at a time. */
  readonly encoders: number;
  /** Encodes that nobody has touched for so long are removed, ms. */
  readonly sweepAfter: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly newId: () => string;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** What is left on the disk of a folder, bytes; else as the system tells it. */
  readonly freeBytes?: (folder: string) => Promise<number>;
  readonly lines: Lines;
}

export interface Vps {
  /** Health and metrics. */
  readonly app: Hono;
  start(): Promise<void>;
  /** Stops what is under way; it is done again after the next start. */
  stop(): Promise<void>;
}

const COMPONENT = 'vps';
const SWEEP_MS = 60_000;
const encodeSeconds = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

/** Video processing: takes jobs, publishes videos, says what became of them. */
export function createVps(options: VpsOptions): Vps {
  const { log, codec, registry, folders, clock, monotonic, newId, pause, lines } = options;
  const warn = (message: string): void => lines.warn({ component: COMPONENT }, message);
  const slots = new Slots(options.encoders);
  const attempts = new Set<string>();
  const ended = new AbortController();
  const meters = createMeters(registry, slots, () => consumer?.lag() ?? Promise.resolve(0));
  let consumer: Consumer | null = null;
  let sweeping: Promise<void> = Promise.resolve();
  const app = new Hono();
  const routes = ['/healthz', '/readyz', '/metrics'].map((p) => ['GET', p, new RegExp(`^${p}$`)] as const);
  app.use(instrument({ registry, service: 'vps', monotonic, routeOf: routeTable(routes) }));
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', (c) => (consumer?.member ? c.text('ok') : c.text('it takes no jobs now', 503)));
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );

  const sweep = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        // An encode of ours may write nothing for long, where it is slow.
        for (const { path, changedAt } of await list(folders.work))
          if (clock() - changedAt > options.sweepAfter && !attempts.has(path)) await discard(path);
      } catch (error) {
        warn(`sweeping: ${error}`);
      }
      await pause(Math.min(SWEEP_MS, options.sweepAfter), ended.signal);
    }
  };

  return {
    app,
    start: async () => {
      for (const folder of folders.all) await mkdir(folder, { recursive: true });
      const partitions = await log.partitions(videoTopics.events);
      const worker: Omit<AttemptsOptions, 'onStart' | 'lines'> = {
        folders,
        transcoder: options.transcoder,
        codecs: options.codecs,
        limits: options.limits ?? usualLimits,
        slots,
        attempts,
        clock,
        monotonic,
        newId,
        pause,
        freeBytes: options.freeBytes ?? freeBytes,
        // News that may be lost: the next one says more.
        onProgress: (event) => void log.append(eventOutput(codec, event, partitions)).catch(() => undefined),
      };
      consumer = await consume({
        log,
        codec,
        group: videoGroups.jobs,
        topic: videoTopics.jobs,
        type: 'VideoJob',
        pause,
        warn,
        handle: async (job, lost, letter) => {
          let since = monotonic();
          const onStart = (): void => {
            since = monotonic();
          };
          const told = { ...worker, onStart, lines: linesOf(job, lines) };
          const { event, givenUp } = await processWithAttempts(job, lost, told);
          meters.done(event.kind === 'processed' ? 'processed' : 'failed', (monotonic() - since) / 1000);
          const said = eventOutput(codec, event, partitions);
          return givenUp === null ? [said] : [said, letter('unprocessed', givenUp)];
        },
      });
      sweeping = sweep();
    },
    stop: async () => {
      ended.abort();
      await consumer?.stop();
      await sweeping;
    },
  };
}

/** The lines of a job carry its request and its trace. */
function linesOf({ id: job, video, requestId, traceparent }: VideoJob, lines: Lines): Lines {
  const known = { component: COMPONENT, requestId, traceId: traceIdOf(traceparent), video, job };
  return {
    info: (line, message) => lines.info({ ...known, ...line }, message),
    warn: (line, message) => lines.warn({ ...known, ...line }, message),
  };
}

function createMeters(
  registry: Registry,
  slots: Slots,
  lag: () => Promise<number>,
): { done(result: 'processed' | 'failed', seconds: number): void } {
  const registers = [registry];
  const labelNames = ['service', 'result'] as const;
  const jobs = new Counter({ name: 'video_jobs_total', help: 'Jobs done', labelNames, registers });
  const duration = new Histogram({
    name: 'video_encode_duration_seconds',
    help: 'Time that a job took, once its turn had come, s',
    labelNames,
    buckets: encodeSeconds,
    registers,
  });
  new Gauge({
    name: 'video_jobs_running',
    help: 'Videos that are being encoded',
    registers,
    collect() {
      this.set(slots.taken);
    },
  });
  new Gauge({
    name: 'video_jobs_waiting',
    help: 'Jobs that are not done, those under way included',
    registers,
    async collect() {
      // A log that is down must not take all the other metrics with it.
      const waiting = await lag().catch(() => null);
      if (waiting === null) this.remove();
      else this.set(waiting);
    },
  });
  for (const result of ['processed', 'failed'] as const) {
    jobs.inc({ service: 'vps', result }, 0);
    duration.zero({ service: 'vps', result });
  }
  return {
    done: (result, seconds) => {
      jobs.inc({ service: 'vps', result });
      duration.observe({ service: 'vps', result }, seconds);
    },
  };
}
