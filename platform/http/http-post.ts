import { request } from 'undici';
import { linkedAbort } from '../linked-abort.js';
import type { Post } from './post.js';

/** An answer is read so far: it is quoted to people, bytes. */
const MOST_READ = 2_000;

/** Posts over HTTP, and waits so long for the whole answer, ms. It follows no redirect. */
export const httpPost =
  (timeoutMs: number): Post =>
  async (url, { body, headers }, signal) => {
    using limit = linkedAbort(signal);
    const timer = setTimeout(limit.abort, timeoutMs);
    try {
      const answer = await request(url, {
        ...{ method: 'POST', body, signal: limit.signal },
        headers: { 'content-type': 'application/json', ...headers },
      });
      return { status: answer.statusCode, body: await beginning(answer.body) };
    } catch (cause) {
      if (signal.aborted) throw new Error('given up', { cause });
      if (limit.signal.aborted) throw new Error(`no answer within ${timeoutMs / 1_000} s`, { cause });
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new Error(code ?? message, { cause });
    } finally {
      clearTimeout(timer);
    }
  };

async function beginning(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MOST_READ) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_READ).toString('utf8');
}
