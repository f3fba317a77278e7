import { toJson } from '../../platform/codec/json.js';
import { problem } from '../../platform/http/problem.js';
import { schemaOf } from '../../schemas/index.js';
import type { AlertRecord } from '../../schemas/types.js';
import type { AlertIndex } from './alert-index.js';
import { ref } from './answers.js';
import { Api } from './api.js';
import { type ExplainOptions, explain } from './explain.js';
import { compareKeys, linkNext, Pages } from './pages.js';
import { alertFilters, inPath, inQuery, paging, timeIn } from './parameters.js';
import { alertFilter, BadQuery, type Query, timeOf } from './query.js';
import type { RecentWindows } from './recent-windows.js';
import { listOf } from './schema-parts.js';
import { type Sparkline, sparklineOf } from './sparkline.js';

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
const activePages = new Pages({
  ...{ list: 'alerts', key: ['string', 'string'], usual: Number.POSITIVE_INFINITY, most: MOST_AT_ONCE },
});
const historyPages = new Pages({
  ...{ list: 'history', key: ['string'], usual: USUAL_LIMIT, most: MOST_AT_ONCE },
});
/** Their state may change from page to page, and is no part of it. */
const keyOf = ({ alert, fingerprint }: AlertRecord) => [alert, fingerprint] as const;

/** Alerts that are active, and those of the past. */
export function alertsApi(options: AlertsApiOptions): Api {
  const api = new Api();
  serveAlerts(api, options);
  serveHistory(api, options);
  serveExplain(api, options);
  serveSparklines(api, options);
  return api;
}

function serveAlerts(api: Api, { alerts, clock }: AlertsApiOptions): void {
  api.route(
    ['get', '/alerts'],
    {
      id: 'listAlerts',
      summary: 'Alerts that are pending or firing; with `since`, transitions',
      description:
        'Firing first, then by name; in pages (`limit`, `cursor`) by name and fingerprint, so that none is missed whose state changes meanwhile. With `since`, the transitions from then on, the oldest first, without pages: `/history` has those.',
      parameters: [
        ...alertFilters,
        timeIn('since', 'Transitions of windows that ended since then'),
        ...paging('all', MOST_AT_ONCE),
      ],
      answers: { 200: { description: 'Alerts.', schema: listOf(ref('AlertRecord')), linked: true } },
      refuses: [400],
    },
    async (c) => {
      const query = c.req.query();
      const { limit, cursor, since } = query;
      const paged = limit !== undefined || cursor !== undefined;
      if (since !== undefined) {
        if (paged)
          throw new BadQuery(
            'since is given without pages: ask /api/v1/history for those, or leave out limit and cursor',
          );
        return c.json((await transitionsSince(alerts, query, clock())).map(json));
      }
      const asked = activePages.asked(query);
      const found = alerts.active().filter(alertFilter(query));
      if (!paged) return c.json(found.map(json));
      const sorted = [...found].sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
      const { items, next } = activePages.pageOf(sorted, asked, keyOf);
      linkNext(c, next);
      return c.json(items.map(json));
    },
  );
}

async function transitionsSince(alerts: AlertIndex, query: Query, now: number): Promise<AlertRecord[]> {
  const from = timeOf(query, 'since', now, 0);
  const matches = alertFilter(query);
  const found: AlertRecord[] = [];
  for (let after: string | null = null; ; ) {
    const asked = { from, to: Number.POSITIVE_INFINITY, matches, limit: MOST_AT_ONCE, after };
    const { records, next } = await alerts.history(asked);
    found.push(...records);
    if (next === null) return found.reverse();
    after = next;
  }
}

function serveHistory(api: Api, { alerts, clock }: AlertsApiOptions): void {
  api.route(
    ['get', '/history'],
    {
      id: 'listHistory',
      summary: 'Transitions of the past, the newest first',
      parameters: [
        ...alertFilters,
        timeIn('from', 'Of windows that ended then or later'),
        timeIn('to', 'Of windows that ended before'),
        ...paging(String(USUAL_LIMIT), MOST_AT_ONCE),
      ],
      answers: { 200: { description: 'A page.', schema: ref('HistoryPage'), linked: true } },
      refuses: [400],
    },
    async (c) => {
      const query = c.req.query();
      const { limit, after } = historyPages.asked(query);
      const { records, next } = await alerts.history({
        from: timeOf(query, 'from', clock(), 0),
        to: timeOf(query, 'to', clock(), Number.POSITIVE_INFINITY),
        matches: alertFilter(query),
        limit,
        after: after?.[0] ?? null,
      });
      const cursor = next === null ? null : historyPages.cursorOf([next]);
      linkNext(c, cursor);
      return c.json({ transitions: records.map(json), next: cursor });
    },
  );
}

function serveExplain(api: Api, options: AlertsApiOptions): void {
  api.route(
    ['get', '/explain/:id'],
    {
      id: 'explainAlert',
      summary: 'All that the decision behind a transition used, made again from the windows in the log',
      parameters: [inPath('id', '`id` of the transition.')],
      answers: { 200: { description: 'The explanation.', schema: ref('Explanation') } },
      refuses: [404],
    },
    async (c) => {
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
    },
  );
}

function serveSparklines(api: Api, { alerts, rules, recent }: AlertsApiOptions): void {
  api.route(
    ['get', '/sparklines'],
    {
      id: 'listSparklines',
      summary: 'How the measures of active alerts went in the windows before',
      parameters: [
        inQuery('fingerprint', `Of this alert; of ${MOST_SPARKLINES} at most, the first ones.`, {
          ...{ type: 'array', items: { type: 'string' } },
        }),
      ],
      answers: {
        200: {
          description: 'By fingerprint, those of alerts that are active.',
          schema: { type: 'object', additionalProperties: ref('Sparkline') },
        },
      },
    },
    async (c) => {
      const asked = new Set((c.req.queries('fingerprint') ?? []).slice(0, MOST_SPARKLINES));
      const lines: Record<string, Sparkline> = {};
      for (const alert of alerts.active()) {
        if (!asked.has(alert.fingerprint)) continue;
        lines[alert.fingerprint] = sparklineOf(recent, alert, await rules.ruleOf(alert));
      }
      return c.json(lines);
    },
  );
}
