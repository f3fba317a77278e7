import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Codec } from '../../platform/codec/codec.js';
import { toJson } from '../../platform/codec/json.js';
import type { Patience } from '../../platform/codec/load.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { schemaOf } from '../../schemas/index.js';
import { decodeBatch } from './scan.js';

/** A comment is sent when nothing else was for so long, ms: proxies cut silent connections. */
const HEARTBEAT_MS = 15_000;

export interface StreamOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly topic: string;
  readonly type: 'AlertRecord' | 'WindowRecord';
  /** Next offset of each partition. */
  readonly from: readonly number[];
  /** Its signal ends the stream. */
  readonly patience: Patience;
}

/** The position of a stream as an opaque text: the next offset of each partition. */
export const formatPosition = (offsets: readonly number[]): string => offsets.join('.');

/** Reads it back; null where it is none of this topic. */
export function parsePosition(text: string, partitions: number): number[] | null {
  if (!/^\d{1,15}(?:\.\d{1,15})*$/.test(text)) return null;
  const offsets = text.split('.').map(Number);
  return offsets.length === partitions ? offsets : null;
}

/** Server-sent events from the log: nothing is queued, each client is read for as fast as it takes. */
export function streamTopic(c: Context, options: StreamOptions): Response {
  return streamSSE(c, async (stream) => {
    using stop = linkedAbort(options.patience.signal);
    const { signal } = stop;
    stream.onAbort(() => stop.abort());
    const offsets = [...options.from];
    const turn = new Turn();
    // An id without data: who is cut off before the first record comes resumes here, too.
    await stream.write(`: tidemark\nid: ${formatPosition(offsets)}\n\n`);
    await Promise.all(
      offsets.map((_, partition) => follow(stream, options, { partition, offsets, turn, signal })),
    );
  });
}

/** One at a time: partitions are read side by side, but written one event after the other. */
class Turn {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }
}

interface Follow {
  readonly partition: number;
  readonly offsets: number[];
  readonly turn: Turn;
  readonly signal: AbortSignal;
}

async function follow(
  stream: SSEStreamingApi,
  options: StreamOptions,
  { partition, offsets, turn, signal }: Follow,
): Promise<void> {
  const { log, codec, topic, type } = options;
  const reader = log.read(topic, partition, offsets[partition] ?? 0);
  const schema = schemaOf(type);
  try {
    while (!signal.aborted) {
      const batch = await reader.pull({ waitMs: HEARTBEAT_MS, signal });
      if (signal.aborted) break;
      if (batch === null) {
        if (partition === 0) await turn.take(() => stream.write(': alive\n\n'));
        continue;
      }
      for await (const { decoded, next } of decodeBatch(codec, batch, { ...options.patience, signal })) {
        if (decoded.type !== type) continue;
        const data = JSON.stringify(toJson(schema, decoded.value));
        await turn.take(async () => {
          offsets[partition] = next;
          await stream.writeSSE({ id: formatPosition(offsets), data });
        });
      }
    }
  } finally {
    await reader.close();
  }
}
