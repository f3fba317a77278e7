import { digest } from '../model/alert-record.js';
import type { Silence } from '../model/marks.js';
import { compileMatchers, type Matcher } from '../model/matcher.js';
import { parseDuration } from '../sla/duration.js';
import { BadQuery, matchersOf } from './query.js';

const MOST_BY = 100;
const MOST_WHY = 1_000;
const MOST_MATCH = 4_000;
const YEAR_MS = 365 * 86_400_000;

const WHO = 'say who you are, like "ada"';
const REASON = 'say what you know of it, like "deploying 1.4"';
const WHICH = 'say which alerts, like {service="checkout"}';
const WHEN = 'give a duration like 4h, or a time like 2026-01-31T12:00:00Z';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** The silence that a body asks for. Throws `BadQuery` with all that is wrong. */
export function silenceOf(body: unknown, now: number): Silence {
  const fields = new Fields(body, ['match', 'by', 'why', 'from', 'until']);
  const matchers = fields.matchers();
  const [by, why] = [fields.text('by', MOST_BY, WHO), fields.text('why', MOST_WHY, REASON)];
  const from = fields.time('from', { after: now, now }) ?? now;
  const until = fields.time('until', { after: from, now });
  if (until === null) fields.wrong(`until is missing: ${WHEN}`);
  if (from < now) fields.wrong('from lies in the past: leave it out, and it begins now');
  fields.check();
  const said = { matchers, by, why, from, until: until ?? from };
  // Twice the same in one millisecond is one.
  return { id: digest(JSON.stringify([now, said])), ...said };
}

/** What a body says of an alert that is acknowledged. Throws `BadQuery` with all that is wrong. */
export function acknowledgementOf(body: unknown, now: number) {
  const fields = new Fields(body, ['by', 'why', 'until', 'startsAt']);
  const [by, why] = [fields.text('by', MOST_BY, WHO), fields.text('why', MOST_WHY, REASON)];
  const until = fields.time('until', { after: now, now });
  const startsAt = fields.body.startsAt ?? null;
  if (startsAt !== null && !Number.isSafeInteger(startsAt))
    fields.wrong('startsAt is no time in ms: give that of the alert, or leave it out');
  fields.check();
  return { by, why, until, startsAt: startsAt as number | null };
}

/** The fields of a body, and what is wrong with them. */
class Fields {
  readonly body: Readonly<Record<string, unknown>>;
  readonly #wrong: string[] = [];

  constructor(body: unknown, names: readonly string[]) {
    const list = names.join(', ');
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new BadQuery(`the body is no JSON object: send one with ${list}`);
    this.body = body as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(body))
      if (!names.includes(name)) this.wrong(`there is no "${name}": there are ${list}`);
  }

  wrong(problem: string): void {
    this.#wrong.push(problem);
  }

  check(): void {
    if (this.#wrong.length > 0) throw new BadQuery(this.#wrong.join('; '));
  }

  text(name: string, most: number, wayOut: string): string {
    const given = this.body[name] ?? '';
    const text = typeof given === 'string' ? given.trim() : '';
    if (typeof given !== 'string') this.wrong(`${name} is no text: ${wayOut}`);
    else if (text === '') this.wrong(`${name} is missing: ${wayOut}`);
    else if (text.length > most) this.wrong(`${name} has ${text.length} characters: ${most} at most`);
    else if (/\p{Cc}/u.test(text)) this.wrong(`${name} has a control character or line break: leave it out`);
    return text;
  }

  /** After so long, or at that time, ms since the epoch; null where it is not given. */
  time(name: string, { after, now }: { readonly after: number; readonly now: number }): number | null {
    const given = this.body[name] ?? null;
    if (given === null) return null;
    const time = typeof given === 'string' ? timeIn(given, after) : null;
    if (time === null) this.wrong(`${name} is ${JSON.stringify(given)}: ${WHEN}`);
    else if (time > now + YEAR_MS) this.wrong(`${name} is ${JSON.stringify(given)}: 1y from now at most`);
    else if (name === 'until' && time <= after)
      this.wrong(`until is ${JSON.stringify(given)}, which is over before it begins: ${WHEN}`);
    return time;
  }

  matchers(): readonly Matcher[] {
    const match = this.text('match', MOST_MATCH, WHICH);
    if (match === '' || match.length > MOST_MATCH) return [];
    const matchers = matchersOf(match);
    if (matchers.length === 0) this.wrong(`match is "${match}", which is every alert: ${WHICH}`);
    else if (compileMatchers(matchers)({}))
      this.wrong(`match is "${match}", which is also alerts without these labels: ${WHICH}`);
    return matchers;
  }
}

function timeIn(text: string, after: number): number | null {
  try {
    return after + parseDuration(text);
  } catch {
    const time = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(time) ? null : time;
  }
}
