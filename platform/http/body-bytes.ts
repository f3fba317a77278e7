import type { IncomingMessage } from 'node:http';

/**
 * Counts the bytes of a body as they come from the connection, whoever reads them, and whether or not all are read:
 * what a client says of their number need not be so, and of a chunked body it says nothing.
 */
export function bodyBytes(incoming: IncomingMessage): () => number {
  let bytes = 0;
  const push = incoming.push.bind(incoming);
  // A listener would make it flow before its reader is there.
  incoming.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    bytes += chunk?.length ?? 0;
    return push(chunk, encoding);
  };
  return () => bytes;
}
