import { createRequire } from 'node:module';
import type { AbortedTransaction, FetchedMessage, FetchedPartition, Fetching } from './cluster.js';
import { areBatches } from './record-batches.js';
import { type Requests, requestsOf, through } from './requests.js';

const require = createRequire(import.meta.url);

/** The first one with record batches. */
const FIRST_VERSION = 4;
/** What a broker may take over waiting, and a slow network for the bytes, ms. */
const PATIENCE_MS = 5_000;

/** What is used of kafkajs's own decoder. */
interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readString(): string | null;
  readBytes(): Buffer | null;
  readArray<T>(read: (decoder: Decoder) => T): T[];
  readArrayAsync<T>(read: (decoder: Decoder) => Promise<T>): Promise<T[]>;
}

interface Parts {
  readonly Decoder: new (payload: Buffer) => Decoder;
  readonly decodeMessages: (decoder: Decoder) => Promise<FetchedMessage[]>;
  readonly requests: Requests;
}

/**
 * Fetches whose records come as the bytes that they are. kafkajs makes an object of each, which is four
 * fifths of what a stage costs. Where kafkajs is not as expected, that is said once, and it goes on as it comes.
 */
export const wholeBatches = (warn: (message: string) => void): ((broker: Fetching) => Fetching) =>
  through(
    partsOf,
    fetching,
    (broker) => broker,
    () =>
      warn('this version of kafkajs fetches in its own way only: that works, but costs five times as much'),
  );

const fetching = (broker: Fetching, parts: Parts): Fetching => ({
  fetch: (request) => {
    const { request: asked, response } = parts.requests.of(broker, 'Fetch', request);
    if (asked.apiVersion < FIRST_VERSION) return broker.fetch(request);
    return parts.requests.send(broker, {
      request: asked,
      response: { decode: decoding(asked.apiVersion, parts), parse: response.parse },
      requestTimeout: request.maxWaitTime + PATIENCE_MS,
    }) as ReturnType<Fetching['fetch']>;
  },
});

function partsOf(broker: object): Parts | null {
  const requests = requestsOf(broker);
  return (
    requests && {
      requests,
      Decoder: require('kafkajs/src/protocol/decoder') as Parts['Decoder'],
      decodeMessages: require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages'),
    }
  );
}

/** Of the answer to a fetch of that version. */
export const decoding =
  (version: number, { Decoder, decodeMessages }: Pick<Parts, 'Decoder' | 'decodeMessages'>) =>
  async (payload: Buffer): Promise<unknown> => {
    const transaction = (decoder: Decoder): AbortedTransaction => ({
      producerId: decoder.readInt64().toString(),
      firstOffset: decoder.readInt64().toString(),
    });
    const partition = async (decoder: Decoder): Promise<FetchedPartition> => {
      const [number, errorCode] = [decoder.readInt32(), decoder.readInt16()];
      const highWatermark = decoder.readInt64().toString();
      const lastStableOffset = decoder.readInt64().toString();
      // Where the log begins.
      if (version >= 5) decoder.readInt64();
      const abortedTransactions = decoder.readArray(transaction);
      // Another replica to read from.
      if (version >= 11) decoder.readInt32();
      const head = { partition: number, errorCode, highWatermark, lastStableOffset, abortedTransactions };
      const records = decoder.readBytes() ?? Buffer.alloc(0);
      if (areBatches(records)) return { ...head, records, messages: [] };
      const size = Buffer.alloc(4);
      size.writeInt32BE(records.length);
      return { ...head, messages: await decodeMessages(new Decoder(Buffer.concat([size, records]))) };
    };
    const topic = async (decoder: Decoder): Promise<unknown> => ({
      topicName: decoder.readString(),
      partitions: await decoder.readArrayAsync(partition),
    });
    const decoder = new Decoder(payload);
    const throttled = decoder.readInt32();
    // An error of the session, and its id: there are no sessions.
    if (version >= 7) decoder.readInt16();
    if (version >= 7) decoder.readInt32();
    const responses = await decoder.readArrayAsync(topic);
    return version >= 8 ? { clientSideThrottleTime: throttled, responses } : { responses };
  };
