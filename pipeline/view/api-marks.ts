import type { Context } from 'hono';
import { textWithin } from '../../platform/http/body.js';
import { problem } from '../../platform/http/problem.js';
import type { MarkStore } from '../follow/mark-store.js';
import {
  type Acknowledgement,
  inEffect,
  isMeant,
  markerOf,
  marksJson,
  matchersText,
  type Silence,
  stateOfSilence,
} from '../model/marks.js';
import { byCodeUnits } from '../model/text.js';
import type { AlertIndex } from './alert-index.js';
import { ref } from './answers.js';
import { Api } from './api.js';
import { acknowledgementOf, silenceOf } from './mark-requests.js';
import { alertFilters, inPath } from './parameters.js';
import { alertFilter, BadQuery } from './query.js';
import { listOf } from './schema-parts.js';

export interface MarksApiOptions {
  readonly alerts: AlertIndex;
  readonly marks: MarkStore;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

const BODY_BYTES = 16 * 1024;

/** What people say of alerts. It changes no alert, and hides none. */
export function marksApi(options: MarksApiOptions): Api {
  const api = new Api();
  serveSilences(api, options);
  serveAcknowledgements(api, options);
  serveMarks(api, options);
  return api;
}

function serveSilences(api: Api, { marks, clock }: MarksApiOptions): void {
  api.route(
    ['get', '/silences'],
    {
      id: 'listSilences',
      summary: 'The silences, also those that ended in the last 5 days',
      answers: { 200: { description: 'The newest first.', schema: listOf(ref('Silence')) } },
    },
    async (c) => {
      const now = clock();
      const { silences } = await marks.all(now);
      return c.json([...silences].sort(newestFirst).map((one) => silenceJson(one, now)));
    },
  );
  api.route(
    ['post', '/silences'],
    {
      id: 'createSilence',
      summary: 'Marks all alerts of some labels, for a time',
      body: ref('SilenceRequest'),
      answers: { 201: { description: 'It is kept.', schema: ref('Silence') } },
      refuses: [400, 409, 413, 415],
    },
    async (c) => {
      const now = clock();
      const body = await jsonOf(c);
      if (body instanceof Response) return body;
      const silence = silenceOf(body, now);
      if (!(await marks.silence(silence, now)))
        return problem(
          409,
          'there are 1000 silences that have not ended, the most that are kept: end one first',
        );
      return c.json(silenceJson(silence, now), 201);
    },
  );
  api.route(
    ['delete', '/silences/:id'],
    {
      id: 'endSilence',
      summary: 'Ends a silence now; it stays listed',
      parameters: [inPath('id', 'Of the silence.')],
      answers: { 204: { description: 'It has ended.' } },
      refuses: [404],
    },
    async (c) => {
      const id = c.req.param('id');
      if (await marks.end(id, clock())) return c.body(null, 204);
      return problem(404, `there is no silence ${id}, or it ended long ago: see GET /api/v1/silences`);
    },
  );
}

function serveAcknowledgements(api: Api, { alerts, marks, clock }: MarksApiOptions): void {
  const holding =
    (now: number) =>
    (said: Acknowledgement): boolean => {
      const alert = alerts.activeOf(said.fingerprint);
      return alert !== null && isMeant(said, alert) && (said.until === null || now < said.until);
    };
  api.route(
    ['get', '/acknowledgements'],
    {
      id: 'listAcknowledgements',
      summary: 'The acknowledgements that are in effect',
      answers: { 200: { description: 'By fingerprint.', schema: listOf(ref('Acknowledgement')) } },
    },
    async (c) => {
      const now = clock();
      const { acknowledgements } = await marks.all(now);
      return c.json(acknowledgements.filter(holding(now)));
    },
  );
  api.route(
    ['put', '/alerts/:fingerprint/acknowledgement'],
    {
      id: 'acknowledge',
      summary: 'Says that somebody has taken up an alert, until it resolves',
      parameters: [inPath('fingerprint', 'That of an alert.')],
      body: ref('AcknowledgementRequest'),
      answers: {
        200: { description: 'It is in place of another.', schema: ref('Acknowledgement') },
        201: { description: 'It is kept.', schema: ref('Acknowledgement') },
      },
      refuses: [400, 404, 409, 413, 415],
    },
    async (c) => {
      const now = clock();
      const body = await jsonOf(c);
      if (body instanceof Response) return body;
      const { startsAt, ...said } = acknowledgementOf(body, now);
      const fingerprint = c.req.param('fingerprint');
      const alert = alerts.activeOf(fingerprint);
      if (alert === null) return problem(404, `no alert ${fingerprint} is pending or firing`);
      if (startsAt !== null && startsAt !== alert.startsAt)
        return problem(
          409,
          `the alert that began at ${startsAt} has ended: the one that is ${alert.state} now began at ${alert.startsAt}`,
        );
      const acknowledgement = { fingerprint, startsAt: alert.startsAt, at: now, ...said };
      const done = await marks.acknowledge(acknowledgement, { now, holds: holding(now) });
      if (done === null)
        return problem(409, 'there are 1000 acknowledgements, the most that are kept: take one back first');
      return c.json(acknowledgement, done === 'new' ? 201 : 200);
    },
  );
  api.route(
    ['delete', '/alerts/:fingerprint/acknowledgement'],
    {
      id: 'withdrawAcknowledgement',
      summary: 'Takes an acknowledgement back',
      parameters: [inPath('fingerprint', 'That of an alert.')],
      answers: { 204: { description: 'The alert is not acknowledged any more.' } },
      refuses: [404],
    },
    async (c) => {
      const fingerprint = c.req.param('fingerprint');
      if (await marks.withdraw(fingerprint, holding(clock()))) return c.body(null, 204);
      return problem(404, `alert ${fingerprint} is not acknowledged`);
    },
  );
}

function serveMarks(api: Api, { alerts, marks, clock }: MarksApiOptions): void {
  api.route(
    ['get', '/marks'],
    {
      id: 'getMarks',
      summary: 'The active alerts that are silenced, acknowledged or inhibited',
      parameters: alertFilters,
      answers: {
        200: {
          description: 'By fingerprint; those without marks are left out.',
          schema: { type: 'object', additionalProperties: ref('Marks') },
        },
      },
      refuses: [400],
    },
    async (c) => {
      const now = clock();
      const said = inEffect(await marks.all(now), now);
      const active = alerts.active();
      const marksOf = markerOf(said, active);
      const found = active
        .filter(alertFilter(c.req.query()))
        .map((alert) => [alert.fingerprint, marksJson(marksOf(alert))] as const);
      return c.json(Object.fromEntries(found.filter(([, of]) => Object.keys(of).length > 0)));
    },
  );
}

/** Those that began last first. */
const newestFirst = (a: Silence, b: Silence): number => b.from - a.from || byCodeUnits(a.id, b.id);

const silenceJson = (silence: Silence, now: number) => ({
  ...silence,
  match: matchersText(silence.matchers),
  state: stateOfSilence(silence, now),
});

/** What the body says, or the answer that says why not. Throws `BadQuery` where it is no JSON. */
async function jsonOf(c: Context): Promise<unknown> {
  // The guard has refused all other types.
  if (c.req.header('content-type') === undefined)
    return problem(415, 'say what it is: send JSON, with content-type: application/json');
  const text = await textWithin(c.req.raw.body, BODY_BYTES);
  if (text === null) return problem(413, `the body may have ${BODY_BYTES} bytes at most`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadQuery(`the body is no JSON: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
