import type { DeadLetter } from '../../schemas/types.js';
import { type Account, RAW_DEAD_LETTERS } from '../model/account.js';
import { type Block, Class, classes } from '../model/block.js';

const dead: readonly boolean[] = classes.map((name) =>
  ['skewed', 'bad', 'out_of_order', 'late'].includes(name),
);

const details: Readonly<Record<string, string>> = {
  skewed: 'it lies too far ahead of the watermark, or there is no watermark yet',
  out_of_order: 'it is older than the sample before it, and lies in no interval already counted',
  late: 'it meets windows that are closed',
};

export interface Origin {
  readonly topic: string;
  readonly partition: number;
}

/** Counts the rows of a block by class, and gives the dead letters they call for, in log order. */
export function account(block: Block, totals: Account, origin: Origin): readonly DeadLetter[] {
  const letters: DeadLetter[] = [];
  totals.refused += block.refused;
  let mark = 0;
  let marked = block.watermarks[0]?.row;
  for (let row = 0; row < block.rows; row++) {
    if (row === marked) {
      marked = block.watermarks[++mark]?.row;
      summarise(letters, totals, { ...origin, offset: block.offset[row] ?? 0 });
      continue;
    }
    const code = block.class[row] ?? Class.none;
    if (code === Class.none) continue;
    const index = code - 1;
    totals.totals[index] = (totals.totals[index] ?? 0) + 1;
    if (!dead[index]) continue;
    const since = (totals.since[index] ?? 0) + 1;
    totals.since[index] = since;
    if (since <= RAW_DEAD_LETTERS) letters.push(raw(block, row, origin));
  }
  return letters;
}

function raw(block: Block, row: number, origin: Origin): DeadLetter {
  const reason = classes[(block.class[row] ?? 1) - 1] ?? 'bad';
  const keyStart = block.keyStart[row] ?? -1;
  return {
    reason,
    detail: block.problems.get(row) ?? details[reason] ?? reason,
    ...origin,
    offset: block.offset[row] ?? 0,
    records: 1,
    windows: block.late.get(row) ?? [],
    key: keyStart < 0 ? null : Buffer.from(block.bytes.subarray(keyStart, block.keyEnd[row])),
    value: Buffer.from(block.bytes.subarray(block.valueStart[row], block.valueEnd[row])),
  };
}

/** What was beyond the limit since the last watermark: one record a class, with their number. */
function summarise(
  letters: DeadLetter[],
  { since }: Account,
  at: Origin & { readonly offset: number },
): void {
  for (const [index, reason] of classes.entries()) {
    const more = (since[index] ?? 0) - RAW_DEAD_LETTERS;
    if (more > 0) {
      const detail = `${more} more records of this class before this watermark`;
      letters.push({ reason, detail, ...at, records: more, windows: [], key: null, value: null });
    }
    since[index] = 0;
  }
}
