/** Kafka's murmur2 (org.apache.kafka.common.utils.Utils), as an unsigned 32-bit number. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const words = data.length >> 2;
  for (let i = 0; i < words; i++) {
    const at = i * 4;
    let k =
      byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16) | (byte(data, at + 3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = words * 4;
  const left = data.length & 3;
  if (left >= 3) h ^= byte(data, rest + 2) << 16;
  if (left >= 2) h ^= byte(data, rest + 1) << 8;
  if (left >= 1) h = Math.imul(h ^ byte(data, rest), m);
  h = Math.imul(h ^ (h >>> 13), m);
  return (h ^ (h >>> 15)) >>> 0;
}

/** The partition that Kafka's default partitioner gives a key. */
export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions;

const byte = (data: Uint8Array, at: number): number => data[at] ?? 0;
