import type { Context } from 'hono';
import type { Patience } from '../../platform/codec/load.js';
import { problem } from '../../platform/http/problem.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { Entry } from '../follow/scan.js';
import type { SharedTopic } from '../follow/shared-topic.js';
import { ref } from './answers.js';
import { Api, type Parameter } from './api.js';
import { parsePosition, streamTopic } from './event-stream.js';
import { alertFilters, inQuery, match, timeIn } from './parameters.js';
import { alertFilter, labelFilter, timeOf } from './query.js';

type Topic = 'alerts' | 'windows';

export interface StreamsApiOptions {
  readonly log: EventLog;
  readonly shared: Readonly<Record<Topic, SharedTopic>>;
  /** Its signal ends all streams. */
  readonly patience: Patience;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

const since = timeIn('since', 'Begins with what was appended then or later, else with what comes');
const resumption: readonly Parameter[] = [
  {
    ...{ name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } },
    description: 'Goes on behind the event of this id, without gap or repeat; `since` is then passed over.',
  },
  inQuery('lastEventId', 'The same, for who cannot set headers.'),
];
const events = 'A position without data first, then an event for each record; a comment each 15 s.';

/** What comes, as server-sent events. */
export function streamsApi(options: StreamsApiOptions): Api {
  const api = new Api();
  api.route(
    ['get', '/alerts/stream'],
    {
      id: 'streamAlerts',
      summary: 'Transitions as they come, as server-sent events',
      parameters: [...alertFilters, since, ...resumption],
      answers: { 200: { description: events, schema: ref('AlertEvent'), type: 'text/event-stream' } },
      refuses: [400],
    },
    (c) => {
      const matches = alertFilter(c.req.query());
      const accepts = ({ decoded: { type, value } }: Entry) => type === 'AlertRecord' && matches(value);
      return stream(c, { topic: 'alerts', type: 'AlertRecord', accepts }, options);
    },
  );
  api.route(
    ['get', '/windows/stream'],
    {
      id: 'streamWindows',
      summary: 'Windows as they close, as server-sent events',
      parameters: [match, since, ...resumption],
      answers: { 200: { description: events, schema: ref('WindowEvent'), type: 'text/event-stream' } },
      refuses: [400],
    },
    (c) => {
      const matches = labelFilter(c.req.query());
      const accepts = ({ decoded: { type, value } }: Entry) =>
        type === 'WindowRecord' && matches(value.group);
      return stream(c, { topic: 'windows', type: 'WindowRecord', accepts }, options);
    },
  );
  return api;
}

interface Streamed {
  readonly topic: Topic;
  readonly type: 'AlertRecord' | 'WindowRecord';
  readonly accepts: (entry: Entry) => boolean;
}

async function stream(
  c: Context,
  { topic, type, accepts }: Streamed,
  { log, shared, patience, clock }: StreamsApiOptions,
): Promise<Response> {
  const partitions = await log.partitions(topic);
  const following = { topic: shared[topic], type, accepts, patience };
  const last = c.req.header('last-event-id') ?? c.req.query('lastEventId');
  if (last !== undefined) {
    const given = parsePosition(last, partitions);
    if (!given) return problem(400, 'Last-Event-ID is none of this stream');
    const from = await Promise.all(
      // Beyond the end it is of a log that was here before: what comes now must not be waited past.
      given.map(async (next, partition) => Math.min(next, (await log.range(topic, partition)).end)),
    );
    return streamTopic(c, { ...following, from });
  }
  const time = timeOf(c.req.query(), 'since', clock(), Number.POSITIVE_INFINITY);
  const from = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => log.offsetAt(topic, partition, time)),
  );
  return streamTopic(c, { ...following, from });
}
