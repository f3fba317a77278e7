import { type Context, Hono } from 'hono';
import type { Codec } from '../../platform/codec/codec.js';
import { toJson } from '../../platform/codec/json.js';
import type { Patience } from '../../platform/codec/load.js';
import { outage } from '../../platform/http/outage.js';
import { problem } from '../../platform/http/problem.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { schemaOf } from '../../schemas/index.js';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { parseDuration } from '../sla/duration.js';
import { ActiveAlerts } from './active-alerts.js';
import { parsePosition, streamTopic } from './event-stream.js';
import { scanSince } from './scan.js';
import { SharedTopic } from './shared-topic.js';

export interface ViewOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly pause: Patience['pause'];
  readonly warn: (message: string) => void;
  /** It cannot follow the alerts any more. */
  readonly onFatal: (error: unknown) => void;
}

export interface View {
  readonly app: Hono;
  /** Resolves once the alerts that are active have been read. */
  start(): Promise<void>;
  /** Whether the log can be read now; what is kept of it here grows old meanwhile. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

const WINDOWS_SINCE = '5m';
/** Whoever asks whether it is ready waits no longer than so, ms: a probe gives up after 5 s. */
const READY_MS = 4_000;
const schemas = { AlertRecord: schemaOf('AlertRecord'), WindowRecord: schemaOf('WindowRecord') };

/** What people and tools see of the alerts and windows, over HTTP. */
export function createView({ log, codec, clock, pause, warn, onFatal }: ViewOptions): View {
  const stop = new AbortController();
  const patience: Patience = { pause, warn, signal: stop.signal };
  const shared = (topic: string): SharedTopic => new SharedTopic({ log, codec, topic, patience });
  const topics = { alerts: shared('alerts'), windows: shared('windows') };
  const active = new ActiveAlerts({ log, topic: topics.alerts, signal: stop.signal, onFatal });
  let looking: Promise<boolean> | null = null;
  const app = new Hono();

  app.get('/api/v1/alerts', async (c) => {
    const since = c.req.query('since');
    if (since === undefined) return c.json(active.list().map((alert) => toJson(schemas.AlertRecord, alert)));
    const time = sinceTime(since, clock());
    if (time === null) return badSince(since);
    const found: AlertRecord[] = [];
    for await (const { type, value } of scanSince(log, codec, { topic: 'alerts', time })) {
      if (type === 'AlertRecord' && value.windowEnd >= time) found.push(value);
    }
    found.sort((a, b) => a.windowEnd - b.windowEnd);
    return c.json(found.map((alert) => toJson(schemas.AlertRecord, alert)));
  });

  app.get('/api/v1/windows', async (c) => {
    const since = c.req.query('since') ?? WINDOWS_SINCE;
    const time = sinceTime(since, clock());
    if (time === null) return badSince(since);
    const found: WindowRecord[] = [];
    for await (const { type, value } of scanSince(log, codec, { topic: 'windows', time })) {
      if (type === 'WindowRecord' && value.end >= time) found.push(value);
    }
    found.sort((a, b) => a.end - b.end);
    return c.json(found.map((window) => toJson(schemas.WindowRecord, window)));
  });

  const stream = async (
    c: Context,
    topic: keyof typeof topics,
    type: keyof typeof schemas,
  ): Promise<Response> => {
    const partitions = await log.partitions(topic);
    const last = c.req.header('last-event-id') ?? c.req.query('lastEventId');
    const since = c.req.query('since');
    if (last !== undefined) {
      const given = parsePosition(last, partitions);
      if (!given) return problem(400, 'Last-Event-ID is none of this stream');
      const from = await Promise.all(
        // Beyond the end it is of a log that was here before: what comes now must not be waited past.
        given.map(async (next, partition) => Math.min(next, (await log.range(topic, partition)).end)),
      );
      return streamTopic(c, { topic: topics[topic], type, from, patience });
    }
    const time = since === undefined ? Number.POSITIVE_INFINITY : sinceTime(since, clock());
    if (time === null) return badSince(since ?? '');
    const from = await Promise.all(
      Array.from({ length: partitions }, (_, partition) => log.offsetAt(topic, partition, time)),
    );
    return streamTopic(c, { topic: topics[topic], type, from, patience });
  };
  app.get('/api/v1/alerts/stream', (c) => stream(c, 'alerts', 'AlertRecord'));
  app.get('/api/v1/windows/stream', (c) => stream(c, 'windows', 'WindowRecord'));

  app.onError((error) => {
    const unavailable = outage(error);
    warn(unavailable ? error.message : `${error.stack ?? error.message}`);
    return unavailable ?? problem(500, 'something went wrong on our side');
  });

  return {
    app,
    start: () => active.start(),
    ready: async () => {
      // A broker that says nothing is asked once, however often that is asked for.
      looking ??= log
        .range('alerts', 0)
        .then(
          () => true,
          () => false,
        )
        .finally(() => {
          looking = null;
        });
      using over = linkedAbort(stop.signal);
      const late = pause(READY_MS, over.signal).then(() => false);
      return Promise.race([looking, late]).finally(() => over.abort());
    },
    close: async () => {
      stop.abort();
      await active.ended();
      for (const one of Object.values(topics)) await one.close();
    },
  };
}

/** `1h` ago, or an ISO time; null where it is neither. */
function sinceTime(text: string, now: number): number | null {
  try {
    return now - parseDuration(text);
  } catch {
    const time = Date.parse(text);
    return Number.isNaN(time) ? null : time;
  }
}

const badSince = (text: string): Response =>
  problem(400, `since is "${text}": give a duration like 1h, or a time like 2026-01-31T12:00:00Z`);
