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
export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(url, signal ? { signal } : {});
  const body = (await answer.json()) as T & { readonly detail?: string };
  if (!answer.ok) throw new Error(body.detail ?? `${url} answered ${answer.status}`);
  return body;
}
