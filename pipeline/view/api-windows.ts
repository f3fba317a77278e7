import type { Codec } from '../../platform/codec/codec.js';
import { toJson } from '../../platform/codec/json.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { schemaOf } from '../../schemas/index.js';
import type { WindowRecord } from '../../schemas/types.js';
import { scanSince } from '../follow/scan.js';
import { partitionOf } from '../model/murmur2.js';
import { groupText } from '../model/text.js';
import { topics } from '../stage/stage.js';
import { ref } from './answers.js';
import { Api } from './api.js';
import { compareKeys, linkNext, type Page, Pages } from './pages.js';
import { inQuery, match, paging, timeIn } from './parameters.js';
import { BadQuery, labelFilter, type Query, timeOf } from './query.js';
import type { RecentWindows } from './recent-windows.js';
import { listOf } from './schema-parts.js';

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
const MOST_IN_PAGE = 10_000;
const schema = schemaOf('WindowRecord');
/** Of a window, its end and its place in the log, where it stays. */
const windowPages = new Pages({
  ...{ list: 'windows', key: ['number', 'number', 'number'] },
  ...{ usual: Number.POSITIVE_INFINITY, most: MOST_IN_PAGE },
});
const groupPages = new Pages({
  ...{ list: 'groups', key: ['string'], usual: Number.POSITIVE_INFINITY, most: MOST_IN_PAGE },
});

interface Found {
  readonly window: WindowRecord;
  readonly key: readonly [end: number, partition: number, next: number];
}

/** Windows that have closed. */
export function windowsApi(options: WindowsApiOptions): Api {
  const { recent } = options;
  const api = new Api();
  api.route(
    ['get', '/windows'],
    {
      id: 'listWindows',
      summary: 'Windows that have closed, in order of their ends',
      description: `More than ${MOST_AT_ONCE} are refused without \`limit\`. In pages, \`since\` is that of the first one.`,
      parameters: [
        timeIn('since', 'Windows that ended then or later, 5 minutes ago where it is not given'),
        timeIn('to', 'Windows that ended before'),
        match,
        inQuery('selection', 'Of this selection, as `/rules` names it.'),
        inQuery('group', 'Of the group with this text, as `/groups` names it.'),
        ...paging('all', MOST_IN_PAGE),
      ],
      answers: { 200: { description: 'Windows.', schema: listOf(ref('WindowRecord')), linked: true } },
      refuses: [400],
    },
    async (c) => {
      const { items, next } = await windowsFor(c.req.query(), options);
      linkNext(c, next);
      return c.json(items.map(({ window }) => toJson(schema, window)));
    },
  );
  api.route(
    ['get', '/groups'],
    {
      id: 'listGroups',
      summary: 'The groups of a selection that had a window within the last hour of event time',
      parameters: [
        inQuery('selection', 'Its id, as `/rules` names it; without, none is given.'),
        ...paging('all', MOST_IN_PAGE),
      ],
      answers: {
        200: { description: 'In order of their texts.', schema: listOf(ref('Group')), linked: true },
      },
      refuses: [400],
    },
    (c) => {
      const query = c.req.query();
      const all = recent.groupsOf(query.selection ?? '');
      const { items, next } = groupPages.pageOf(all, groupPages.asked(query), ({ text }) => [text]);
      linkNext(c, next);
      return c.json(items);
    },
  );
  return api;
}

async function windowsFor(query: Query, { log, codec, clock }: WindowsApiOptions): Promise<Page<Found>> {
  const asked = windowPages.asked(query);
  const { limit, after } = asked;
  const since = timeOf(query, 'since', clock(), clock() - SINCE_MS);
  const to = timeOf(query, 'to', clock(), Number.POSITIVE_INFINITY);
  // A duration reaches less far back with every page.
  const time = after === null ? since : after[0];
  const matches = labelFilter(query);
  const { selection, group } = query;
  // All of a group lie in one partition.
  const partition = group === undefined ? null : partitionOf(group, await log.partitions(topics.windows));
  const found: Found[] = [];
  const scanned = scanSince(log, codec, { topic: topics.windows, time, partition });
  for await (const { decoded, partition, next } of scanned) {
    const { type, value } = decoded;
    if (type !== 'WindowRecord' || value.end < time || value.end >= to) continue;
    if (selection !== undefined && selection !== value.selection) continue;
    if (group !== undefined && group !== groupText(value.group)) continue;
    const key = [value.end, partition, next] as const;
    if (after !== null && compareKeys(key, after) <= 0) continue;
    if (matches(value.group)) found.push({ window: value, key });
    if (found.length > MOST_AT_ONCE) shorten(found, limit);
  }
  return windowPages.pageOf(found.sort(byKey), asked, ({ key }) => key);
}

const byKey = (one: Found, other: Found): number => compareKeys(one.key, other.key);

/** To the first ones, and one by which it is known that there are more. */
function shorten(found: Found[], limit: number): void {
  if (!Number.isFinite(limit))
    throw new BadQuery(
      `more than ${MOST_AT_ONCE} windows: ask for pages with limit, for a group, a selection or less time`,
    );
  found.sort(byKey).splice(limit + 1);
}
