import { Hono } from 'hono';
import { toJson } from '../../platform/codec/json.js';
import { problem } from '../../platform/http/problem.js';
import { schemaOf } from '../../schemas/index.js';
import type { AlertRecord } from '../../schemas/types.js';
import { type ExplainOptions, explain } from './explain.js';
import { alertFilter, BadQuery, limitOf, timeOf } from './query.js';
import type { RecentWindows } from './recent-windows.js';
import { sparklineOf } from './sparkline.js';

export interface AlertsApiOptions extends ExplainOptions {
  readonly recent: RecentWindows;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

const USUAL_LIMIT = 100;
const MOST_AT_ONCE = 1_000;
const MOST_SPARKLINES = 200;
const schema = schemaOf('AlertRecord');
const json = (alert: AlertRecord) => toJson(schema, alert);

/** Alerts that are active, and those of the past. */
export function alertsApi(options: AlertsApiOptions): Hono {
  const { alerts, rules, recent, clock } = options;
  const app = new Hono();

  app.get('/alerts', async (c) => {
    const query = c.req.query();
    const matches = alertFilter(query);
    if (query.since === undefined) return c.json(alerts.active().filter(matches).map(json));
    const from = timeOf(query, 'since', clock(), 0);
    const found: AlertRecord[] = [];
    for (let after: string | null = null; ; ) {
      const asked = { from, to: Number.POSITIVE_INFINITY, matches, limit: MOST_AT_ONCE, after };
      const { records, next } = await alerts.history(asked);
      found.push(...records);
      if (next === null) break;
      after = next;
    }
    return c.json(found.reverse().map(json));
  });

  app.get('/history', async (c) => {
    const query = c.req.query();
    const { cursor = null } = query;
    if (cursor !== null && !/^\d{13}\/.{1,64}$/.test(cursor))
      throw new BadQuery('cursor is none of ours: take that of the page before');
    const { records, next } = await alerts.history({
      from: timeOf(query, 'from', clock(), 0),
      to: timeOf(query, 'to', clock(), Number.POSITIVE_INFINITY),
      matches: alertFilter(query),
      limit: limitOf(query, USUAL_LIMIT, MOST_AT_ONCE),
      after: cursor,
    });
    return c.json({ transitions: records.map(json), next });
  });

  app.get('/explain/:id', async (c) => {
    const id = c.req.param('id');
    const found = await explain(id, options);
    if (found === null) return problem(404, `there is no alert ${id}, or it is not kept any more`);
    const { alert, transitions, window, ...rest } = found;
    return c.json({
      alert: json(alert),
      ...rest,
      window: window && toJson(schemaOf('WindowRecord'), window),
      transitions: transitions.map(json),
    });
  });

  app.get('/sparklines', async (c) => {
    const asked = new Set((c.req.queries('fingerprint') ?? []).slice(0, MOST_SPARKLINES));
    const lines: Record<string, unknown> = {};
    for (const alert of alerts.active()) {
      if (!asked.has(alert.fingerprint)) continue;
      lines[alert.fingerprint] = sparklineOf(recent, alert, await rules.ruleOf(alert));
    }
    return c.json(lines);
  });
  return app;
}
