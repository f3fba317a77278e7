import type { Codec } from '../../platform/codec/codec.js';
import {
  type EventLog,
  LogError,
  type LogErrorCode,
  type LogRecord,
  type Offset,
  type PartitionWriter,
} from '../../platform/log/event-log.js';
import { beyondLimits } from '../model/limits.js';
import { partitionOf } from '../model/murmur2.js';
import { type TailOptions, wroteSince } from './cursor.js';
import type { Say, Taken } from './poller.js';

const TOPIC = 'metrics';
/** How long to wait before what failed is tried again, ms. */
const RETRY_MS = 1_000;
/** What no second try mends. */
const final: readonly LogErrorCode[] = ['Fenced', 'Refused', 'TooLarge'];

export interface WriterOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  /** The source's name; of its writers the newest fences the others. */
  readonly name: string;
  readonly remembers: number | null;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly say: Say;
}

interface Place {
  readonly partition: number;
  /** Null before it is opened, and after an append whose outcome is not known. */
  writer: PartitionWriter | null;
  /** Whether an append may have come through although it failed. */
  unsure: boolean;
  /** Behind everything of ours that is known to be there. */
  next: Offset;
}

/** Writes samples and a watermark behind them to every partition, once, whatever fails meanwhile. */
export class MetricsWriter {
  readonly #options: WriterOptions;
  #places: readonly Place[] = [];
  /** Fenced or closed: whoever took over must not be fenced in turn. */
  #over = false;
  /** Samples of series beyond the limits of labels, which are not written. */
  refused = 0;
  #refusing = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Fences whoever wrote under this name: nothing of theirs comes any more. */
  async open(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const partitions = await log.partitions(TOPIC);
    this.#places = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      writer: null,
      unsure: false,
      next: 0,
    }));
    const open = async (place: Place): Promise<void> => {
      await this.#take(place);
      place.next = (await log.range(TOPIC, place.partition)).end;
    };
    await Promise.all(
      this.#places.map((place) => this.#untilDone('taking over metrics', () => open(place), signal)),
    );
  }

  async close(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#places.map(({ writer }) => writer?.close()));
  }

  /** How to read where the source left off. */
  tail(signal: AbortSignal): TailOptions {
    const { log, codec, name: source, remembers, pause, say } = this.#options;
    const patience = { pause, warn: (text: string) => say('warn', text), signal };
    return { log, codec, topic: TOPIC, source, remembers, patience };
  }

  /** One append per partition, its watermark last; tried again as the same bytes until it is done. */
  async write(samples: readonly Taken[], watermark: number, signal: AbortSignal): Promise<void> {
    const { codec, name } = this.#options;
    const partitions = this.#places.length;
    const records: LogRecord[][] = this.#places.map(() => []);
    for (const { key, ...sample } of this.#within(samples)) {
      const value = codec.encode('MetricRecord', sample);
      records[partitionOf(key, partitions)]?.push({ key: Buffer.from(key, 'utf8'), value });
    }
    const value = codec.encode('Watermark', { timestamp: watermark, source: name, partitions });
    const mark: LogRecord = { key: Buffer.from(name, 'utf8'), value };
    await Promise.all(
      this.#places.map((place) => {
        const all = [...(records[place.partition] ?? []), mark];
        return this.#untilDone('appending metrics', () => this.#append(place, all, signal), signal);
      }),
    );
  }

  /** Those that the engine takes; the others are counted, and said when they begin and when they end. */
  #within(samples: readonly Taken[]): readonly Taken[] {
    const { say } = this.#options;
    let first: string | null = null;
    const within = samples.filter((sample) => {
      const beyond = beyondLimits(sample, Buffer.byteLength(sample.key));
      first ??= beyond && `${sample.key.slice(0, 100)}: ${beyond}`;
      return beyond === null;
    });
    const refused = samples.length - within.length;
    this.refused += refused;
    if (first !== null && !this.#refusing)
      say(
        'warn',
        `${refused} series are not written, let their target have fewer or shorter labels: ${first}`,
      );
    if (first === null && this.#refusing && samples.length > 0) say('info', 'all series are written again');
    if (samples.length > 0) this.#refusing = first !== null;
    return within;
  }

  async #take(place: Place): Promise<PartitionWriter> {
    const { log, name } = this.#options;
    place.writer ??= await log.writer(`spout-${name}`, TOPIC, place.partition);
    return place.writer;
  }

  async #append(place: Place, records: readonly LogRecord[], signal: AbortSignal): Promise<void> {
    const writer = await this.#take(place);
    if (place.unsure) {
      // With the new writer, the append before has come through or never will.
      const { end } = await this.#options.log.range(TOPIC, place.partition);
      const through = await wroteSince(this.tail(signal), place.partition, place.next);
      if (signal.aborted) return;
      place.unsure = false;
      if (through) {
        place.next = end;
        return;
      }
    }
    try {
      place.next = await writer.append(records);
    } catch (error) {
      if (error instanceof LogError && error.code === 'Unknown') {
        place.writer = null;
        place.unsure = true;
      }
      throw error;
    }
  }

  /** Tries again until it is done, or the signal is aborted; only what no second try mends ends it. */
  async #untilDone(doing: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { say, pause } = this.#options;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof LogError && final.includes(error.code)) {
          this.#over = true;
          throw error;
        }
        if (this.#over) return;
        say('error', `${doing}: ${error instanceof Error ? error.message : error}; trying again`);
        if (signal.aborted) return;
        await pause(RETRY_MS, signal);
        if (signal.aborted || this.#over) return;
      }
    }
  }
}
