export interface StreamOptions<T> {
  readonly url: string;
  readonly onRecord: (record: T) => void;
  /** Told at each change of whether the stream is open. */
  readonly onOpen: (open: boolean) => void;
}

const RETRY_MS = 2_000;

/**
 * Follows server-sent events. The browser resumes by itself where a connection breaks; where a server refuses,
 * it gives up, and here it is asked again behind the last event.
 */
export function follow<T>({ url, onRecord, onOpen }: StreamOptions<T>): () => void {
  let source: EventSource | null = null;
  let last = '';
  let timer = 0;
  const connect = (): void => {
    const resumed = new URL(url, document.baseURI);
    if (last !== '') resumed.searchParams.set('lastEventId', last);
    const one = new EventSource(resumed);
    source = one;
    one.addEventListener('open', () => onOpen(true));
    one.addEventListener('message', ({ data, lastEventId }) => {
      last = lastEventId;
      onRecord(JSON.parse(data as string) as T);
    });
    one.addEventListener('error', () => {
      onOpen(false);
      if (one.readyState !== EventSource.CLOSED) return;
      timer = window.setTimeout(connect, RETRY_MS);
    });
  };
  connect();
  return () => {
    window.clearTimeout(timer);
    source?.close();
  };
}

/** The JSON of an answer; rejects with what the server says for people. */
export const getJson = async <T>(url: string, signal?: AbortSignal): Promise<T> =>
  jsonOf(url, await fetch(url, signal ? { signal } : {}));

/** All items of a list in pages, each of which says in `Link` where the next one is. */
export async function getPages<T>(url: string): Promise<readonly T[]> {
  const all: T[] = [];
  for (let at: string | null = url; at !== null; ) {
    const answer: Response = await fetch(at);
    all.push(...(await jsonOf<readonly T[]>(at, answer)));
    const next: string | undefined = /<([^>]*)>; *rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    at = next === undefined ? null : new URL(next, answer.url).href;
  }
  return all;
}

async function jsonOf<T>(url: string, answer: Response): Promise<T> {
  const body = (await answer.json()) as T & { readonly detail?: string };
  if (!answer.ok) throw new Error(body.detail ?? `${url} answered ${answer.status}`);
  return body;
}
