import { request } from 'undici';
import { type ExposedSample, parseExposition } from './exposition.js';

export interface HttpScrape {
  readonly samples: readonly ExposedSample[];
  readonly processStart: number | null;
  readonly clock: number | null;
}

const MAX_BYTES = 64 * 1024 * 1024;
const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9,*/*;q=0.1';

/** Reads a target's metrics over HTTP, of gauges those of these names; rejects with a message that says what is wrong and the way out. */
export async function scrapeHttp(
  url: string,
  signal: AbortSignal,
  gauges?: ReadonlySet<string>,
): Promise<HttpScrape> {
  const down = (cause: unknown): never => {
    const message = signal.aborted ? 'did not answer in time' : `is down: ${reason(cause)}`;
    throw new Error(`${url} ${message}`, { cause });
  };
  const { statusCode, headers, body } = await request(url, { headers: { accept }, signal }).catch(down);
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(
      `${url} answered ${statusCode}: give the address of its metrics, like http://host:port/metrics`,
    );
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    await body.dump();
    throw new Error(`${url} answered in ${encoding}, which was not asked for: let it answer as it is`);
  }
  const type = String(headers['content-type'] ?? '');
  if (/html|json|xml/.test(type)) {
    await body.dump();
    throw new Error(
      `${url} answered ${type}, not metrics: give the address of its metrics, like http://host:port/metrics`,
    );
  }
  const bytes = await readAll(body).catch(down);
  if (bytes === null) throw new Error(`${url} answered more than ${MAX_BYTES} bytes of metrics`);
  const { samples, processStart } = parse(url, bytes.toString('utf8'), gauges);
  const date = Date.parse(String(headers.date ?? ''));
  return { samples, processStart, clock: Number.isNaN(date) ? null : date };
}

/** Null where it is too much. */
async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) return null;
  }
  return Buffer.concat(chunks);
}

function parse(url: string, text: string, gauges?: ReadonlySet<string>): ReturnType<typeof parseExposition> {
  try {
    return parseExposition(text, gauges);
  } catch (cause) {
    throw new Error(`${url} answered no metrics: ${reason(cause)}`, { cause });
  }
}

const reason = (cause: unknown): string => {
  const { code, message } = cause as { code?: string; message?: string };
  return code ?? message ?? String(cause);
};
