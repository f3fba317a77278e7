import { Hono } from 'hono';
import type { Codec } from '../../platform/codec/codec.js';
import { toJson } from '../../platform/codec/json.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { schemaOf } from '../../schemas/index.js';
import type { WindowRecord } from '../../schemas/types.js';
import { partitionOf } from '../model/murmur2.js';
import { groupText } from '../model/text.js';
import { topics } from '../stage/stage.js';
import { BadQuery, labelFilter, timeOf } from './query.js';
import type { RecentWindows } from './recent-windows.js';
import { scanSince } from './scan.js';

export interface WindowsApiOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly recent: RecentWindows;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

const SINCE_MS = 5 * 60_000;
/** So many are given at once: more would fill the memory of who asks, and of this process. */
const MOST_AT_ONCE = 100_000;
const schema = schemaOf('WindowRecord');

/** Windows that have closed. */
export function windowsApi({ log, codec, recent, clock }: WindowsApiOptions): Hono {
  const app = new Hono();
  app.get('/windows', async (c) => {
    const query = c.req.query();
    const time = timeOf(query, 'since', clock(), clock() - SINCE_MS);
    const to = timeOf(query, 'to', clock(), Number.POSITIVE_INFINITY);
    const matches = labelFilter(query);
    const found: WindowRecord[] = [];
    const { selection, group } = query;
    // All of a group lie in one partition.
    const partition = group === undefined ? null : partitionOf(group, await log.partitions(topics.windows));
    for await (const { type, value } of scanSince(log, codec, { topic: topics.windows, time, partition })) {
      if (type !== 'WindowRecord' || value.end < time || value.end >= to) continue;
      if (selection !== undefined && selection !== value.selection) continue;
      if (group !== undefined && group !== groupText(value.group)) continue;
      if (matches(value.group)) found.push(value);
      if (found.length > MOST_AT_ONCE)
        throw new BadQuery(`more than ${MOST_AT_ONCE} windows: ask for a group, a selection or less time`);
    }
    found.sort((a, b) => a.end - b.end);
    return c.json(found.map((window) => toJson(schema, window)));
  });
  app.get('/groups', (c) => c.json(recent.groupsOf(c.req.query('selection') ?? '')));
  return app;
}
