import { Hono } from 'hono';
import type { Codec } from '../../platform/codec/codec.js';
import { toJson } from '../../platform/codec/json.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { schemaOf } from '../../schemas/index.js';
import type { WindowRecord } from '../../schemas/types.js';
import { topics } from '../stage/stage.js';
import { labelFilter, timeOf } from './query.js';
import { scanSince } from './scan.js';

export interface WindowsApiOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

const SINCE_MS = 5 * 60_000;
const schema = schemaOf('WindowRecord');

/** Windows that have closed. */
export function windowsApi({ log, codec, clock }: WindowsApiOptions): Hono {
  const app = new Hono();
  app.get('/windows', async (c) => {
    const query = c.req.query();
    const time = timeOf(query, 'since', clock(), clock() - SINCE_MS);
    const to = timeOf(query, 'to', clock(), Number.POSITIVE_INFINITY);
    const matches = labelFilter(query);
    const found: WindowRecord[] = [];
    for await (const { type, value } of scanSince(log, codec, { topic: topics.windows, time })) {
      if (type !== 'WindowRecord' || value.end < time || value.end >= to) continue;
      if (query.selection !== undefined && query.selection !== value.selection) continue;
      if (matches(value.group)) found.push(value);
    }
    found.sort((a, b) => a.end - b.end);
    return c.json(found.map((window) => toJson(schema, window)));
  });
  return app;
}
