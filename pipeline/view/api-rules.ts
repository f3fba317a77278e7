import { Hono } from 'hono';
import { problem } from '../../platform/http/problem.js';
import type { AlertRecord } from '../../schemas/types.js';
import type { Rule, RuleSet } from '../model/rule.js';
import { everyOf } from '../model/selection.js';
import type { AlertIndex } from './alert-index.js';
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

/** What is watched, and how far it has come. */
export function rulesApi({ alerts, rules, recent, progress, targets, clock }: RulesApiOptions): Hono {
  const app = new Hono();

  app.get('/rules', async (c) => {
    const newest = await rules.newest();
    if (newest === null) return c.json([]);
    const groups = recent.groups();
    const active = alerts.active();
    return c.json(
      newest.rules.map((rule) => ({
        ...describe(rule, newest),
        groups: groups.get(rule.selection.id) ?? 0,
        ...counts(active.filter(({ alert }) => alert === rule.alert)),
        evaluatedTo: finite(recent.newest),
      })),
    );
  });

  app.get('/rules/:revision', async (c) => {
    const found = await rules.of(c.req.param('revision'));
    if (found === null) return problem(404, `there is no revision ${c.req.param('revision')} of the rules`);
    const { revision, file, text } = found;
    return c.json({ revision, file, text });
  });

  app.get('/status', async (c) => {
    const sources = await progress.sources();
    const newest = await rules.newest();
    const active = alerts.active();
    return c.json({
      now: clock(),
      sources,
      targets: await targets.newest(),
      scrapedTo: sources.length === 0 ? null : Math.max(...sources.map(({ watermark }) => watermark)),
      evaluatedTo: finite(recent.newest),
      rules: newest && { file: newest.file, revision: newest.revision, count: newest.rules.length },
      alerts: counts(active),
    });
  });
  return app;
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
