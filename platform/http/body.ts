/** The text of a body; null where it has more bytes than so, of which the rest is not read. */
export async function textWithin(
  body: ReadableStream<Uint8Array> | null,
  most: number,
): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
