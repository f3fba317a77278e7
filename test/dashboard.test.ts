import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { exposeAlerts } from '../cli/alert-metrics.js';
import { notifierMaker } from '../cli/notify.js';
import { pause } from '../cli/pause.js';
import { exposeSpout } from '../cli/spout-metrics.js';
import { createGateway } from '../gateway/gateway.js';
import { alertOf } from '../pipeline/follow/alert.fixture.js';
import { FakeReceiver } from '../pipeline/notify/driver.fixture.js';
import type { NotifierOptions } from '../pipeline/notify/notifier.js';
import { recompile } from '../pipeline/sla/compile.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { serve } from '../platform/http/serve.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { lmdbStore } from '../platform/store/lmdb/store.js';
import { createRegistry } from '../platform/telemetry/registry.js';
import { dashboard, panelQueries } from './dashboard.js';
import { writeMetrics } from './metrics-log.js';
import { startPipeline } from './pipeline.js';
import { temporaryFolder } from './tidemark.js';

/** Each measure with a baseline and a threshold. */
const rules = `version: 1
defaults: { by: [route], window: 10s, baseline: { windows: 2, min_windows: 1 } }
slas:
  - { alert: Slower, when: mean_latency > 2 * baseline }
  - { alert: Busier, when: request_rate > 2 * baseline }
  - { alert: Worse, when: error_ratio > 2 * baseline }
`;

const SOON = { timeout: 15_000, interval: 20 };
/** What Prometheus gives every series of a target. */
const ofTarget = ['job', 'instance'];
const words = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'and',
  'or',
  'unless',
  'bool',
  'offset',
]);

interface Asked {
  readonly metric: string;
  /** Labels that its matchers name. */
  readonly labels: readonly string[];
}

/** What a query names: metrics with their matchers, and labels by which it groups. */
function namesIn(promql: string): { readonly metrics: readonly Asked[]; readonly labels: readonly string[] } {
  const metrics: Asked[] = [];
  const labels: string[] = [];
  // Texts that are no matcher's value are arguments, as of label_replace.
  let rest = promql.replace(/"(?:\\.|[^"])*"/g, '""').replace(/\[[^\]]*\]/g, '');
  rest = rest.replace(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_, list: string) => {
    labels.push(...list.split(',').map((one) => one.trim()));
    return '';
  });
  for (const [, name = '', next = '', matchers = ''] of rest.matchAll(
    /([a-zA-Z_:][\w:]*)\s*(\(|\{([^}]*)\})?/g,
  )) {
    if (next === '(' || words.has(name)) continue;
    metrics.push({
      metric: name,
      labels: [...matchers.matchAll(/(\w+)\s*[=!]/g)].map(([, one = '']) => one),
    });
  }
  return { metrics, labels };
}

/** Hands over, by the clock of this machine, until it is stopped. */
function startNotifier(
  given: Pick<NotifierOptions, 'log' | 'codec' | 'store' | 'receivers'>,
  registry: Registry,
): { stop(): Promise<void> } {
  const ended = new AbortController();
  const say = (): void => undefined;
  const make = notifierMaker({ ...given, pause, say, staleAfter: 600_000 }, registry);
  const running = make().run(ended.signal);
  return {
    stop: () => {
      ended.abort();
      return running;
    },
  };
}

describe('the dashboard', () => {
  /** Labels by metric, as the components show them. */
  const shown = new Map<string, Set<string>>();
  const undo: (() => unknown)[] = [];
  const read = (page: string): void => {
    for (const [, name = '', labels = ''] of page.matchAll(/^([a-z]\w*)(\{.*\})? [^ ]+$/gm)) {
      const known = shown.get(name) ?? new Set(ofTarget);
      for (const [, label = ''] of labels.matchAll(/(\w+)="(?:\\.|[^"])*"/g)) known.add(label);
      shown.set(name, known);
    }
  };

  beforeAll(async () => {
    const folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    const log = lmdbLog(environment);
    const codec = embeddedCodec();
    await writeMetrics({ log, codec, seconds: 60, steady: 3 });
    const pipeline = await startPipeline(log, codec, recompile('sla.yaml', rules));
    const spout = createRegistry();
    exposeSpout(spout, () => ({ watermark: 1, refused: 0 }));
    const view = new Registry();
    exposeAlerts(view, () => [alertOf('/a', 'firing')]);
    const notify = new Registry();
    const down = new FakeReceiver('hook');
    down.down();
    const front = new Registry();
    const gateway = createGateway({
      ...{ vms: 'http://127.0.0.1:1', videoFiles: folder.path, registry: front },
      newId: () => 'made',
      monotonic: () => performance.now(),
    });
    const listening = await serve({ fetch: gateway.fetch as never, host: '127.0.0.1', port: 0 });
    undo.push(
      () => listening.close(0),
      () => gateway.close(),
      () => pipeline.stop(),
      () => log.close(),
      () => environment.close(),
      () => folder[Symbol.dispose](),
    );
    expect((await fetch(`${listening.url}/nothing`)).status).toBe(404);
    await vi.waitFor(async () => expect(await front.metrics()).toContain('duration_seconds_count{'), SOON);
    await vi.waitFor(async () => expect(await pipeline.metrics()).toContain('baseline_error_ratio{'), SOON);
    // Windows have closed, which is what the watchdog listens to.
    const told = startNotifier({ log, codec, store: lmdbStore(environment), receivers: [down] }, notify);
    undo.unshift(() => told.stop());
    await vi.waitFor(async () => expect(await notify.metrics()).toContain('lag_seconds{'), SOON);
    await vi.waitFor(async () => expect(await notify.metrics()).toContain('notifications_total{'), SOON);
    await vi.waitFor(async () => expect(await notify.metrics()).toContain('watchdog_firing 1'), SOON);
    const registries = [pipeline, spout, front, view, notify];
    for (const page of await Promise.all(registries.map((one) => one.metrics()))) read(page);
  });
  afterAll(async () => {
    for (const one of undo) await one();
  });

  test('names what a query asks for', () => {
    expect(
      namesIn(
        'histogram_quantile(0.9, sum by (le, a) (rate(x_bucket{b="{y}",c!~"z"}[1m]))) - on (a) time() * max(w)',
      ),
    ).toEqual({
      metrics: [
        { metric: 'x_bucket', labels: ['b', 'c'] },
        { metric: 'w', labels: [] },
      ],
      labels: ['le', 'a', 'a'],
    });
  });

  test.each(panelQueries())('$panel asks for what there is: $promql', ({ promql, legend }) => {
    const { metrics, labels } = namesIn(promql);
    expect(metrics.length).toBeGreaterThan(0);
    for (const { metric, labels: matched } of metrics)
      expect([...(shown.get(metric) ?? [])], metric).toEqual(expect.arrayContaining([...matched]));
    const all = metrics.flatMap(({ metric }) => [...(shown.get(metric) ?? expect.unreachable(metric))]);
    expect(all).toEqual(expect.arrayContaining([...labels]));
    const inLegend = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    // What is aggregated has the labels that it was grouped by, and no others.
    expect(labels).toEqual(expect.arrayContaining(inLegend));
  });

  test('lets people choose among the rules that there are', () => {
    const asked = dashboard().templating.list.flatMap(({ definition }) => definition ?? []);
    expect(asked).toHaveLength(1);
    const [, metric = '', label] = /^label_values\((\w+), (\w+)\)$/.exec(asked[0] ?? '') ?? [];
    expect([...(shown.get(metric) ?? [])]).toContain(label);
  });

  test('shows what is handed over, which alerts there are, and what is beyond a limit', () => {
    const asked = panelQueries().flatMap(({ promql }) => namesIn(promql).metrics.map(({ metric }) => metric));
    const about =
      /^tidemark_(alerts$|notification|watchdog|groups$|series$|group_overflow|refused|spout_refused)/;
    const said = [...shown.keys()].filter((name) => about.test(name));
    expect(said.length).toBeGreaterThan(7);
    expect(asked).toEqual(expect.arrayContaining(said));
  });

  test('has panels that lie side by side, each of an id of its own', () => {
    const { panels } = dashboard();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Map<string, string>();
    for (const {
      title,
      gridPos: { x, y, w, h },
    } of panels) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let row = y; row < y + h; row++)
        for (let column = x; column < x + w; column++) {
          expect(taken.get(`${row} ${column}`), title).toBeUndefined();
          taken.set(`${row} ${column}`, title);
        }
    }
  });

  test('shows everything that is said of closed windows, as the documentation does', () => {
    const asked = new Set(
      panelQueries().flatMap(({ promql }) => namesIn(promql).metrics.map(({ metric }) => metric)),
    );
    const said = [...shown.keys()].filter((name) => name.startsWith('tidemark_window_'));
    expect(said.length).toBeGreaterThan(10);
    expect([...asked]).toEqual(expect.arrayContaining(said));
    const text = readFileSync('docs/windows.md', 'utf8');
    for (const name of said)
      expect(text).toMatch(new RegExp(`\`${name.slice('tidemark_window_'.length)}[\`{]`));
  });
});
