import type { Bounds } from '../pipeline/backtest/between.js';
import type { Feed } from '../pipeline/backtest/run.js';
import type { Decoder } from '../platform/codec/codec.js';

/** What a backtest needs of its input. */
export interface Wanted {
  /** From when judging has to begin, ms since the epoch; -Infinity: the beginning. */
  readonly from: number;
  /** Watermark from which on nothing more is needed, ms since the epoch; Infinity: the end. */
  readonly to: number;
  /** Told of the share that was read, from 0 to 1. */
  readonly progress: (share: number) => void;
}

/** Recorded metrics, wherever they are. */
export interface MetricsInput {
  readonly partitions: number;
  /** What reads the bytes that it appends; records that it pushes need none. */
  readonly metrics?: Decoder;
  /** Hands over what is wanted, in log order within a partition. */
  feed(run: Feed, wanted: Wanted): Promise<void>;
}

/** What the rules need to be read, so that they can be judged within the bounds. */
export const wantedFor = (
  { from, to }: Bounds,
  { lookBack, grace }: { readonly lookBack: number; readonly grace: number },
): Pick<Wanted, 'from' | 'to'> => ({ from: from - lookBack, to: to + grace });
