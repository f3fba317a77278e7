import type { Codec } from '../../platform/codec/codec.js';
import { loadUnknown } from '../../platform/codec/load.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { LOOKBACK } from '../model/watermarks.js';
import { metricDecoding } from '../stage/decoding.js';
import { topics } from '../stage/stage.js';
import { ApiTally, type Statistics, type TallyOptions } from './api-tally.js';

export interface StatsOptions extends Pick<TallyOptions, 'since' | 'now'> {
  readonly log: EventLog;
  readonly codec: Codec;
  /** More records are not read. */
  readonly most: number;
}

/** There are more records in the time that is asked for than are read at once. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch';

  constructor(
    readonly records: number,
    readonly most: number,
  ) {
    super(`there are ${records} records of metrics in this time, and ${most} are read at once`);
  }
}

/** Statistics of APIs from the metrics in the log; rejects with `TooMuch`. */
export async function readStats({ log, codec, most, ...asked }: StatsOptions): Promise<Statistics> {
  const decoding = metricDecoding(codec);
  const tally = new ApiTally({ ...asked, decoding: () => decoding });
  const parts: { readonly partition: number; readonly from: number; readonly end: number }[] = [];
  for (let partition = 0; partition < (await log.partitions(topics.metrics)); partition++) {
    // An increase reaches back as far, to the sample before.
    const from = await log.offsetAt(topics.metrics, partition, Math.max(0, asked.since - LOOKBACK));
    parts.push({ partition, from, end: (await log.range(topics.metrics, partition)).end });
  }
  const records = parts.reduce((sum, { from, end }) => sum + Math.max(0, end - from), 0);
  if (records > most) throw new TooMuch(records, most);
  for (const { partition, from, end } of parts) {
    const reader = log.read(topics.metrics, partition, from);
    try {
      while (reader.position < end) {
        const before = reader.position;
        const batch = await reader.pull({ waitMs: 0 });
        // The end, as far as it can be read now: what a transaction hides is not there yet.
        if (batch === null && reader.position === before) break;
        if (batch === null) continue;
        await loadUnknown(codec, batch, (id) => codec.load(id));
        tally.push(partition, batch);
      }
    } finally {
      await reader.close();
    }
  }
  return tally.statistics();
}
