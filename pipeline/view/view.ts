import { Hono } from 'hono';
import type { Codec } from '../../platform/codec/codec.js';
import type { Patience } from '../../platform/codec/load.js';
import { outage } from '../../platform/http/outage.js';
import { problem } from '../../platform/http/problem.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { Store } from '../../platform/store/store.js';
import type { AlertRecord } from '../../schemas/types.js';
import { AlertStore } from '../follow/alert-store.js';
import { MarkStore } from '../follow/mark-store.js';
import { SharedTopic } from '../follow/shared-topic.js';
import { topics } from '../stage/stage.js';
import { AlertIndex } from './alert-index.js';
import { alertsApi } from './api-alerts.js';
import { marksApi } from './api-marks.js';
import { rulesApi } from './api-rules.js';
import { statsApi } from './api-stats.js';
import { streamsApi } from './api-streams.js';
import { windowsApi } from './api-windows.js';
import { type Access, guard } from './guard.js';
import { API, documentApi } from './openapi.js';
import { type PageFiles, pageApp } from './page-files.js';
import { Progress } from './progress.js';
import { BadQuery } from './query.js';
import { RecentWindows } from './recent-windows.js';
import { RuleTexts } from './rule-texts.js';
import { Targets } from './targets.js';

export interface ViewOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly access: Access;
  /** What people see; without, there is the API alone. */
  readonly page?: PageFiles;
  /** Origin of the gateway, where the page finds videos; empty: the view's own; null: there are none. */
  readonly gateway?: string | null;
  /** Where it keeps the alerts of the past, and what people say of alerts. */
  readonly store: Store;
  /** How long they are kept, ms. */
  readonly retention: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** ms */
  readonly monotonic: () => number;
  readonly pause: Patience['pause'];
  readonly warn: (message: string) => void;
  /** It cannot follow the alerts any more. */
  readonly onFatal: (error: unknown) => void;
}

export interface View {
  readonly app: Hono;
  /** The alerts that are pending or firing. */
  readonly active: readonly AlertRecord[];
  /** Resolves once the alerts that are active have been read. */
  start(): Promise<void>;
  /** Whether the log can be read now; what is kept of it here grows old meanwhile. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

/** Whoever asks whether it is ready waits no longer than so, ms: a probe gives up after 5 s. */
const READY_MS = 4_000;

/** What people and tools see of the alerts and windows, over HTTP. */
export function createView(options: ViewOptions): View {
  const {
    log,
    codec,
    access,
    page = new Map(),
    gateway = null,
    store,
    retention,
    clock,
    monotonic,
    pause,
    warn,
    onFatal,
  } = options;
  const stop = new AbortController();
  const patience: Patience = { pause, warn, signal: stop.signal };
  const sharing = (topic: string): SharedTopic => new SharedTopic({ log, codec, topic, patience });
  const shared = { alerts: sharing(topics.alerts), windows: sharing(topics.windows) };
  const following = { log, clock, patience, onFatal };
  const alerts = new AlertIndex({
    ...following,
    ...{ topic: shared.alerts, store: new AlertStore(store), retention },
  });
  const recent = new RecentWindows({ ...following, topic: shared.windows });
  const rules = new RuleTexts({ log, codec });
  const progress = new Progress({ log, codec, monotonic });
  const targets = new Targets({ log, codec, monotonic });
  let looking: Promise<boolean> | null = null;
  const app = new Hono();

  // Of its own paths alone: it may be mounted beside others'.
  for (const path of ['/', '/assets/*', `${API}/*`]) app.use(path, guard(access));
  const apis = [
    alertsApi({ log, codec, alerts, rules, recent, clock }),
    marksApi({ alerts, marks: new MarkStore(store), clock }),
    windowsApi({ log, codec, recent, clock }),
    rulesApi({ alerts, rules, recent, progress, targets, clock }),
    statsApi({ log, codec, clock, monotonic }),
    streamsApi({ log, shared, patience, clock }),
  ];
  for (const api of [...apis, documentApi(apis, access)]) app.route(API, api.app);
  app.route('/', pageApp(page, gateway));

  app.onError((error) => {
    if (error instanceof BadQuery) return problem(400, error.message);
    const unavailable = outage(error);
    warn(unavailable ? error.message : `${error.stack ?? error.message}`);
    return unavailable ?? problem(500, 'something went wrong on our side');
  });

  return {
    app,
    get active() {
      return alerts.active();
    },
    start: async () => {
      await alerts.start();
      recent.start();
    },
    ready: async () => {
      // A broker that says nothing is asked once, however often that is asked for.
      looking ??= log
        .range(topics.alerts, 0)
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
      await alerts.ended();
      await recent.ended();
      for (const one of Object.values(shared)) await one.close();
    },
  };
}
