import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { toJson } from '../../platform/codec/json.js';
import type { Patience } from '../../platform/codec/load.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import { schemaOf } from '../../schemas/index.js';
import type { Entry } from '../follow/scan.js';
import type { SharedTopic } from '../follow/shared-topic.js';
import { Turn } from '../follow/turn.js';

/** How often a comment is sent, ms: proxies cut silent connections. */
const HEARTBEAT_MS = 15_000;

export interface StreamOptions {
  readonly topic: SharedTopic;
  readonly type: 'AlertRecord' | 'WindowRecord';
  /** Whether the reader wants it. */
  readonly accepts: (entry: Entry) => boolean;
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

/** Server-sent events from the log: nothing is queued, each client follows as fast as it takes. */
export function streamTopic(c: Context, options: StreamOptions): Response {
  const { topic, type, accepts, from, patience } = options;
  return streamSSE(c, async (stream) => {
    using stop = linkedAbort(patience.signal);
    const { signal } = stop;
    stream.onAbort(() => stop.abort());
    const offsets = [...from];
    // Partitions are read side by side, but written one event after the other.
    const turn = new Turn();
    const follow = async (partition: number): Promise<void> => {
      for await (const { entries } of topic.follow(partition, offsets[partition] ?? 0, signal)) {
        for (const entry of entries) {
          if (entry.decoded.type !== type || !accepts(entry)) continue;
          await turn.take(async () => {
            offsets[partition] = entry.next;
            await stream.writeSSE({ id: formatPosition(offsets), data: textOf(entry) });
          });
          if (signal.aborted) return;
        }
      }
    };
    const beat = async (): Promise<void> => {
      for (;;) {
        await patience.pause(HEARTBEAT_MS, signal);
        if (signal.aborted) return;
        await turn.take(() => stream.write(': alive\n\n'));
      }
    };
    try {
      // An id without data: who is cut off before the first record comes resumes here, too.
      await stream.write(`: tidemark\nid: ${formatPosition(offsets)}\n\n`);
      await Promise.all([beat(), ...offsets.map((_, partition) => follow(partition))]);
    } catch (error) {
      patience.warn(`a stream ends: ${error instanceof Error ? error.message : error}`);
    } finally {
      stop.abort();
    }
  });
}

const texts = new WeakMap<Entry, string>();

/** Made once for all who follow. */
function textOf(entry: Entry): string {
  const { type, value } = entry.decoded;
  const text = texts.get(entry) ?? JSON.stringify(toJson(schemaOf(type), value));
  texts.set(entry, text);
  return text;
}
