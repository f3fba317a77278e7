import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { createGateway } from '../gateway/gateway.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import type { Target } from '../pipeline/spout/metric-source.js';
import type { Say } from '../pipeline/spout/poller.js';
import { Spout } from '../pipeline/spout/spout.js';
import { createView } from '../pipeline/view/view.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { problem } from '../platform/http/problem.js';
import { type Listening, serve } from '../platform/http/serve.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { lmdbStore } from '../platform/store/lmdb/store.js';
import type { Logger } from '../platform/telemetry/logger.js';
import { createRegistry } from '../platform/telemetry/registry.js';
import type { RulesRejected } from '../schemas/types.js';
import { accessOf } from './access.js';
import { exposeAlerts } from './alert-metrics.js';
import { LiveRules } from './live-rules.js';
import { notifierMaker, receiversOf } from './notify.js';
import { readPage } from './page.js';
import { pause } from './pause.js';
import { runPipeline } from './pipeline.js';
import type { Settings } from './settings.js';
import { directPoller, gaugesOf } from './spout.js';
import { exposeSpout } from './spout-metrics.js';
import { PARTITIONS, rejectRules, rememberRules, topicSpecs } from './topics.js';
import { type RunningVideo, startVideo } from './video.js';

export interface UpOptions {
  readonly settings: Settings;
  /** Those to begin with: their file is followed. */
  readonly rules: RuleSet;
  readonly logger: Logger;
  /** A stage cannot go on: the process has to end. */
  readonly onFatal: (error: unknown) => void;
  /** The origin by which the gateway reaches the video services at the one given. */
  readonly via?: (origin: string) => Promise<string>;
}

export interface Running {
  readonly url: string;
  /** Looks at the rule file now. */
  reload(): void;
  /** In order: stop taking in, drain, commit, close. */
  stop(): Promise<void>;
}

const DRAIN_MS = 5_000;
const monotonic = (): number => performance.now();

/** Everything in one process on the embedded stores. */
export async function startPlatform(options: UpOptions): Promise<Running> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) {
      await one().catch((error: unknown) => options.logger.error({ err: error }, 'stopping'));
    }
  };
  try {
    return { ...(await start(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  { settings, rules: initial, logger, onFatal, via }: UpOptions,
  stops: (() => Promise<void>)[],
): Promise<Omit<Running, 'stop'>> {
  // First: a mistake in it is told before anything is opened.
  const receivers = receiversOf(settings);
  const environment = openEnvironment({ path: settings.data, mode: 'write', quota: settings.quota });
  stops.push(() => environment.close());
  const log = lmdbLog(environment);
  stops.push(() => log.close());
  const codec = embeddedCodec();
  await log.createTopics(topicSpecs(settings.retention));
  const remember = (one: RuleSet): Promise<void> => rememberRules(log, codec, one);
  const reject = (one: RulesRejected): Promise<void> => rejectRules(log, codec, one);
  await remember(initial);

  const registry = createRegistry();
  const say: Say = (level, message) => logger[level](message);
  const accept = (one: RuleSet): void => void gaugesOf(one, settings.gauge);
  const rules = new LiveRules({ rules: initial, registry, say, pause, accept, remember, reject });
  stops.push(runUntilStopped((signal) => rules.run(signal), onFatal));
  const pipeline = await runPipeline({
    log,
    codec,
    rules,
    registry,
    targets: PARTITIONS,
    checkpointEvery: settings.checkpointEvery,
    limits: settings,
    warn: (text) => logger.warn(text),
    pause,
    onFatal,
  });
  stops.push(() => pipeline.stop());
  const view = createView({
    log,
    codec,
    access: accessOf(settings),
    page: readPage(),
    gateway: settings.platform ? '' : null,
    store: lmdbStore(environment),
    retention: settings.history,
    clock: Date.now,
    monotonic,
    pause,
    warn: (text) => logger.warn(text),
    onFatal,
  });
  await view.start();
  exposeAlerts(registry, () => view.active);
  stops.push(() => view.close());

  if (receivers.length > 0) {
    const { watchdogAfter: staleAfter } = settings;
    const store = lmdbStore(environment);
    const make = notifierMaker({ log, codec, store, receivers, pause, say, staleAfter }, registry);
    stops.push(runUntilStopped((signal) => make().run(signal), onFatal));
  }

  const targets: Target[] = [...settings.target];
  let video: RunningVideo | null = null;
  if (settings.platform) {
    // One process writes here, so that its name may be the same after a restart.
    const replica = 'embedded';
    video = await startVideo({ settings, store: lmdbStore(environment), log, codec, replica, logger });
    const { stop, vms, vps } = video;
    stops.push(stop);
    targets.push({ name: 'vms', url: `${vms.url}/metrics` });
    if (vps) targets.push({ name: 'vps', url: `${vps.url}/metrics` });
  }
  const vms = video && (via ? await via(video.vms.url) : video.vms.url);
  const front = await listen({
    settings,
    registry,
    view: view.app,
    logger,
    services: video && vms !== null ? { vms, videoFiles: video.folders.published } : null,
  });
  // Only now: a port that is taken is told in one line.
  video?.announce();
  stops.push(async () => {
    // First the event streams, which would hold the port open.
    await view.close();
    await front.close(DRAIN_MS);
  });
  if (settings.platform) targets.push({ name: 'gateway', url: `${front.url}/metrics` });

  const { source: name, scrapeInterval: interval } = settings;
  const spout = new Spout({
    log,
    codec,
    poller: await directPoller(targets, {
      interval,
      gauges: () => gaugesOf(rules.current, settings.gauge),
      say,
    }),
    name,
    interval,
    clock: Date.now,
    monotonic,
    pause,
    say,
  });
  exposeSpout(registry, () => spout);
  stops.push(runUntilStopped((signal) => spout.run(signal), onFatal));
  return { url: front.url, reload: () => rules.reload() };
}

/** Runs it until what is returned is called, which resolves once it has ended. */
function runUntilStopped(
  run: (signal: AbortSignal) => Promise<void>,
  onFatal: (error: unknown) => void,
): () => Promise<void> {
  const stop = new AbortController();
  const ended = run(stop.signal).catch(onFatal);
  return async () => {
    stop.abort();
    await ended;
  };
}

interface Front {
  readonly settings: Settings;
  readonly registry: ReturnType<typeof createRegistry>;
  readonly view: Hono;
  readonly logger: Logger;
  /** Null where the platform itself does not run. */
  readonly services: { readonly vms: string; readonly videoFiles: string } | null;
}

/** The one public port: the gateway with the view's API, or the API alone. */
async function listen({ settings, registry, view, logger, services }: Front): Promise<Listening> {
  const { host, port, uploadLimit, timeout: timeoutMs } = settings;
  const { maxInFlight, rateLimit: rate, trustedProxies } = settings;
  if (services === null) {
    const app = new Hono();
    app.get('/healthz', (c) => c.text('ok')).get('/readyz', (c) => c.text('ok'));
    app.get('/metrics', async (c) =>
      c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
    );
    app.route('/', view).notFound((c) => problem(404, `there is nothing at ${c.req.path}`));
    return serve({ fetch: app.fetch as never, host, port });
  }
  const gateway = createGateway({
    ...services,
    registry,
    newId: randomUUID,
    monotonic,
    log: {
      info: (line, message) => logger.debug(line, message),
      warn: (line, message) => logger.warn(line, message),
    },
    ...{ uploadLimit, timeoutMs, maxInFlight, rate, trustedProxies },
    mount: (app) => void app.route('/', view),
  });
  const listening = await serve({ ...gateway, fetch: gateway.fetch as never, host, port });
  return {
    ...listening,
    close: async (drainMs) => {
      await listening.close(drainMs);
      await gateway.close();
    },
  };
}
