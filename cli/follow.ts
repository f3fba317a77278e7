import { request } from 'undici';

export interface FollowOptions {
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called for each record, in order, once. */
  readonly onRecord: (record: unknown) => void;
  /** Told when the connection is lost, with the reason. */
  readonly onLost?: (reason: string) => void;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;

/** Follows a stream of server-sent events; after a broken connection it resumes where it was. */
export async function followStream(
  url: string,
  { headers: own = {}, signal, onRecord, onLost, pause }: FollowOptions,
): Promise<void> {
  let lastEventId: string | null = null;
  let retry = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { ...own, accept: 'text/event-stream' };
      if (lastEventId !== null) headers['last-event-id'] = lastEventId;
      const answer = await request(url, { headers, signal, bodyTimeout: 60_000 });
      const { statusCode, body } = answer;
      if (statusCode !== 200) throw new HttpStatusError(url, statusCode, await body.text());
      if (!String(answer.headers['content-type']).startsWith('text/event-stream')) {
        body.on('error', () => {}).destroy();
        throw new HttpStatusError(url, statusCode, 'no event stream: is --url right?');
      }
      let rest = '';
      // A character may come in two pieces.
      for await (const text of body.setEncoding('utf8')) {
        rest += text;
        const events = rest.split('\n\n');
        rest = events.pop() ?? '';
        for (const { id, data } of events.map(parseEvent)) {
          if (data !== null) onRecord(JSON.parse(data));
          if (id !== null) lastEventId = id;
          retry = FIRST_RETRY_MS;
        }
      }
      if (!signal.aborted) onLost?.('the stream ended');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof HttpStatusError && error.status < 500) throw error;
      onLost?.(error instanceof Error ? error.message : String(error));
    }
    await pause(retry, signal);
    retry = Math.min(LAST_RETRY_MS, retry * 2);
  }
}

export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError';

  constructor(
    readonly url: string,
    readonly status: number,
    body: string,
  ) {
    const detail = detailOf(body);
    super(`${url} answered ${status}: ${(detail ?? body).slice(0, 500)}`);
    this.detail = detail;
  }

  /** What a problem (RFC 9457) says is wrong; null where the answer was none. */
  readonly detail: string | null;
}

function detailOf(body: string): string | null {
  try {
    const { detail } = JSON.parse(body) as { readonly detail?: unknown };
    return typeof detail === 'string' ? detail : null;
  } catch {
    return null;
  }
}

/** Gets JSON; rejects with a message for people. */
export async function fetchJson(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const { statusCode, body } = await request(url, { headers });
  const text = await body.text();
  if (statusCode !== 200) throw new HttpStatusError(url, statusCode, text);
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpStatusError(url, statusCode, `no JSON: is --url right? ${text}`);
  }
}

function parseEvent(text: string): { readonly id: string | null; readonly data: string | null } {
  let id: string | null = null;
  let data: string | null = null;
  for (const line of text.split('\n')) {
    if (line.startsWith('id: ')) id = line.slice(4);
    else if (line.startsWith('data: ')) data = (data === null ? '' : `${data}\n`) + line.slice(6);
  }
  return { id, data };
}
