import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { type Environment, openEnvironment } from '../../platform/lmdb/environment.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { seriesText } from '../model/text.js';
import type { Statistics } from '../stats/api-tally.js';
import { readStats, TooMuch } from '../stats/read-stats.js';
import type { Api } from './api.js';
import { statsApi } from './api-stats.js';
import { BadQuery } from './query.js';

const codec = embeddedCodec();
const NOW = 1_700_000_000_000;
const PARTITIONS = 2;
const MINUTE = 60_000;

describe('statistics over HTTP', () => {
  let environment: Environment;
  let log: EventLog;
  let api: Api;
  let reads = 0;
  let time = 0;
  let folder: ReturnType<typeof temporaryFolder>;

  beforeEach(async () => {
    folder = temporaryFolder();
    environment = openEnvironment({ path: folder.path, mode: 'write' });
    // Appended when it was scraped.
    let appendedAt = NOW;
    log = lmdbLog(environment, { clock: () => appendedAt });
    await log.createTopics([{ name: 'metrics', partitions: PARTITIONS, retentionMs: null }]);
    for (const minutes of [40, 30, 20, 10, 1])
      for (let partition = 0; partition < PARTITIONS; partition++) {
        appendedAt = NOW - minutes * MINUTE;
        const watermark = { timestamp: appendedAt - 1, source: 's', partitions: PARTITIONS };
        const route = `/r${partition}`;
        const labels = { service: 'gateway', method: 'GET', route, status: '200' };
        const records = [-MINUTE, 0].map((back) => {
          const name = 'http_request_duration_seconds';
          const count = 10 * (100 - minutes) + (back === 0 ? 5 : 0);
          const value = {
            timestamp: appendedAt + back,
            startTimestamp: null,
            count,
            sum: count,
            buckets: [],
          };
          return {
            key: Buffer.from(seriesText(name, labels)),
            value: codec.encode('MetricRecord', { ...value, name, labels, type: 'cumulative' }),
          };
        });
        const mark = (timestamp: number) => ({
          key: null,
          value: codec.encode('Watermark', { ...watermark, timestamp }),
        });
        await log.append({
          ...{ topic: 'metrics', partition },
          records: [mark(appendedAt - MINUTE), ...records, mark(appendedAt)],
        });
      }
    reads = 0;
    time = 0;
    const counting: EventLog = Object.assign(Object.create(log) as EventLog, {
      partitions: (topic: string) => {
        reads++;
        return log.partitions(topic);
      },
    });
    api = statsApi({ log: counting, codec, clock: () => NOW, monotonic: () => time });
    api.app.onError((error, c) => {
      if (error instanceof BadQuery) return c.text(error.message, 400);
      throw error;
    });
  });

  afterEach(async () => {
    await log.close();
    await environment.close();
    folder[Symbol.dispose]();
  });

  const get = async (query: string): Promise<Statistics> =>
    (await (await api.app.request(`/stats${query}`)).json()) as Statistics;
  const requests = ({ apis }: Statistics) => apis.map((one) => [one.route, one.requests]);

  test('are of the last 15 minutes, of all partitions, unless asked otherwise', async () => {
    // Two minutes lie in it, each with 5 more.
    expect(requests(await get(''))).toEqual([
      ['/r0', 10],
      ['/r1', 10],
    ]);
    expect(requests(await get('?since=45m'))).toEqual([
      ['/r0', 25],
      ['/r1', 25],
    ]);
    expect(requests(await get(`?since=${new Date(NOW - 25 * MINUTE).toISOString()}`))).toEqual([
      ['/r0', 15],
      ['/r1', 15],
    ]);
  });

  test('are of the APIs alone that match', async () => {
    expect(requests(await get(`?match=${encodeURIComponent('{route="/r1"}')}`))).toEqual([['/r1', 10]]);
    expect(requests(await get(`?match=${encodeURIComponent('{route=~"/x.*"}')}`))).toEqual([]);
  });

  test.each(['?since=yesterday', '?since=2100-01-01T00:00:00Z', '?match={', '?since=0s'])(
    'refuse %s, and say why',
    async (query) => {
      const answer = await api.app.request(`/stats${query}`);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toMatch(/^(?:since is|match: )/);
      expect(reads).toBe(0);
    },
  );

  test('are read once for all who ask for the same time within some seconds', async () => {
    await Promise.all([get('?since=1h'), get('?since=1h'), get('?since=1h&match={route="/r0"}')]);
    await get('?since=1h');
    const once = reads;
    time = 5_001;
    await get('?since=1h');
    expect(reads).toBe(2 * once);
  });

  test('are not read where that are too many records', async () => {
    const reading = readStats({ log, codec, since: NOW - 60 * MINUTE, now: NOW, most: 10 });
    await expect(reading).rejects.toThrow(TooMuch);
  });
});
