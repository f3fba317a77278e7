import { problem } from '../../platform/http/problem.js';
import type { AlertRecord } from '../../schemas/types.js';
import type { Rule, RuleSet } from '../model/rule.js';
import { everyOf } from '../model/selection.js';
import type { AlertIndex } from './alert-index.js';
import { listOf, ref } from './answers.js';
import { Api } from './api.js';
import { linkNext, Pages } from './pages.js';
import { inPath, paging } from './parameters.js';
import type { Progress } from './progress.js';
import type { RecentWindows } from './recent-windows.js';
import type { RuleTexts } from './rule-texts.js';
import type { Targets } from './targets.js';

export interface RulesApiOptions {
  readonly alerts: AlertIndex;
  readonly rules: RuleTexts;
  readonly recent: RecentWindows;
  readonly progress: Progress;
  readonly targets: Targets;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

const MOST_AT_ONCE = 1_000;
const rulePages = new Pages({
  ...{ list: 'rules', key: ['string'], usual: Number.POSITIVE_INFINITY, most: MOST_AT_ONCE },
});

/** What is watched, and how far it has come. */
export function rulesApi(options: RulesApiOptions): Api {
  const api = new Api();
  serveRules(api, options);
  serveRevision(api, options);
  serveStatus(api, options);
  return api;
}

function serveRules(api: Api, { alerts, rules, recent }: RulesApiOptions): void {
  api.route(
    ['get', '/rules'],
    {
      id: 'listRules',
      summary: 'What is watched, with how many groups each rule has',
      parameters: paging('all', MOST_AT_ONCE),
      answers: {
        200: { description: 'In order of their names.', schema: listOf(ref('RuleStatus')), linked: true },
      },
      refuses: [400],
    },
    async (c) => {
      const asked = rulePages.asked(c.req.query());
      const newest = await rules.newest();
      if (newest === null) return c.json([]);
      const groups = recent.groups();
      const active = alerts.active();
      const { items, next } = rulePages.pageOf(newest.rules, asked, ({ alert }) => [alert]);
      linkNext(c, next);
      return c.json(
        items.map((rule) => ({
          ...describe(rule, newest),
          groups: groups.get(rule.selection.id) ?? 0,
          ...counts(active.filter(({ alert }) => alert === rule.alert)),
          evaluatedTo: finite(recent.newest),
        })),
      );
    },
  );
}

function serveRevision(api: Api, { rules }: RulesApiOptions): void {
  api.route(
    ['get', '/rules/:revision'],
    {
      id: 'getRules',
      summary: 'The text of a rule file that is or was in use',
      parameters: [inPath('revision', 'As alerts and rules name it.')],
      answers: { 200: { description: 'The text.', schema: ref('RulesRevision') } },
      refuses: [404],
    },
    async (c) => {
      const found = await rules.of(c.req.param('revision'));
      if (found === null) return problem(404, `there is no revision ${c.req.param('revision')} of the rules`);
      const { revision, file, text } = found;
      return c.json({ revision, file, text });
    },
  );
}

function serveStatus(api: Api, options: RulesApiOptions): void {
  api.route(
    ['get', '/status'],
    {
      id: 'getStatus',
      summary: 'How far the sources were scraped and the windows judged, and how the targets are',
      answers: { 200: { description: 'How far.', schema: ref('Status') } },
    },
    async (c) => {
      const { alerts, rules, recent, progress, targets, clock } = options;
      const sources = await progress.sources();
      const newest = await rules.newest();
      return c.json({
        now: clock(),
        sources,
        targets: await targets.newest(),
        scrapedTo: sources.length === 0 ? null : Math.max(...sources.map(({ watermark }) => watermark)),
        evaluatedTo: finite(recent.newest),
        rules: newest && {
          ...{ file: newest.file, revision: newest.revision, count: newest.rules.length },
          problem: (await rules.rejected())?.problem ?? null,
        },
        alerts: counts(alerts.active()),
      });
    },
  );
}

const describe = (rule: Rule, { revision }: RuleSet) => ({
  alert: rule.alert,
  severity: rule.severity,
  condition: rule.condition,
  for: rule.for,
  keepFiringFor: rule.keepFiringFor,
  minRequests: rule.minRequests,
  /** ms; of sessions, the longest. */
  window: rule.selection.window,
  every: everyOf(rule.selection),
  session: rule.selection.panes?.session ?? null,
  by: rule.selection.by,
  selection: rule.selection.id,
  selects: rule.selection.text,
  annotations: rule.annotations,
  file: rule.file,
  line: rule.line,
  revision,
});

const counts = (alerts: readonly AlertRecord[]) => ({
  firing: alerts.filter(({ state }) => state === 'firing').length,
  pending: alerts.filter(({ state }) => state === 'pending').length,
});

const finite = (time: number): number | null => (Number.isFinite(time) ? time : null);
