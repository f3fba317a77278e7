import type { Codec } from '../../platform/codec/codec.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { Statistics } from '../stats/api-tally.js';
import { readStats, TooMuch } from '../stats/read-stats.js';
import { ref } from './answers.js';
import { Api } from './api.js';
import { Fresh } from './fresh.js';
import { match, timeIn } from './parameters.js';
import { BadQuery, labelFilter, type Query, timeOf } from './query.js';

export interface StatsApiOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** ms */
  readonly monotonic: () => number;
}

const SINCE_MS = 15 * 60_000;
/** So many records are read for one answer: some seconds of this process. */
const MOST_RECORDS = 5_000_000;
/** An answer is given again for so long, to whoever asks for the same time, ms. */
const LASTS_MS = 5_000;
/** So many of them are remembered. */
const MOST_ANSWERS = 16;

/** How the APIs of the watched services are used. */
export function statsApi(options: StatsApiOptions): Api {
  const statistics = new StatsAnswers(options);
  const api = new Api();
  api.route(
    ['get', '/stats'],
    {
      id: 'getStatistics',
      summary: 'How each API, a method of a template of paths, was used',
      description:
        'From the metrics in the log, counted as for rules: `http_request_duration_seconds`, `http_request_size_bytes` and `http_response_size_bytes` by service, route and method. The beginning is cut to whole steps of 10 s, of more for times from an hour on. An answer may be 5 s old.',
      parameters: [
        timeIn('since', 'What was answered since then, 15 minutes ago where it is not given'),
        match,
      ],
      answers: { 200: { description: 'By service, route and method.', schema: ref('Statistics') } },
      refuses: [400],
    },
    async (c) => {
      const query = c.req.query();
      const chosen = labelFilter(query);
      const { apis, ...bounds } = await statistics.get(query);
      const labels = apis.map(({ service, method, route }) => ({ service, method, route }));
      return c.json({ ...bounds, apis: apis.filter((_, i) => chosen(labels[i] ?? {})) });
    },
  );
  return api;
}

/** Reads the log once for all who ask for the same time, and for one time after the other. */
class StatsAnswers {
  readonly #answers = new Map<string, Fresh<Statistics>>();
  #reading: Promise<unknown> = Promise.resolve();

  constructor(readonly options: StatsApiOptions) {}

  get(query: Query): Promise<Statistics> {
    const { clock } = this.options;
    // Told before it waits for anything.
    const since = timeOf(query, 'since', clock(), clock() - SINCE_MS);
    if (!(since < clock())) throw new BadQuery(`since is "${query.since}": give a time that is past`);
    const key = query.since ?? '';
    const answer = this.#answers.get(key) ?? this.#fresh(query);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
    return answer.get();
  }

  #fresh(query: Query): Fresh<Statistics> {
    const { monotonic } = this.options;
    return new Fresh(
      monotonic,
      () => {
        const read = this.#reading.then(() => this.#read(query));
        this.#reading = read.catch(() => undefined);
        return read;
      },
      LASTS_MS,
    );
  }

  async #read(query: Query): Promise<Statistics> {
    const { log, codec, clock } = this.options;
    const now = clock();
    const since = timeOf(query, 'since', now, now - SINCE_MS);
    try {
      return await readStats({ log, codec, since, now, most: MOST_RECORDS });
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      throw new BadQuery(`${error.message}: ask for less, with a later \`since\``);
    }
  }
}
