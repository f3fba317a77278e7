import { chromiumPath, launchChromium } from './chromium.js';

/** An alert that was seen to fire; `at` by the machine's wall clock, ms since the epoch. */
export interface Sighting {
  readonly fingerprint: string;
  readonly at: number;
}

/** Somebody who looks at the view. */
export interface Watcher extends AsyncDisposable {
  /** What it sees: a row in the document, or, without a browser, an event at a client. */
  readonly sees: 'row in the page, in Chromium' | 'event at a client, without a browser';
  sightings(): Promise<readonly Sighting[]>;
}

/** In the page: each row of the board that is put in as firing, when it is in the document. */
const OBSERVE = `
  window.sightings = [];
  new MutationObserver((changes) => {
    const at = Date.now();
    for (const { addedNodes } of changes)
      for (const row of addedNodes)
        if (row.classList.contains('firing')) window.sightings.push({ fingerprint: row.dataset.fingerprint, at });
  }).observe(document.getElementById('alert-rows'), { childList: true });
`;

/** The page in a browser where there is one, else its stream of events. */
export const watch = (url: string): Promise<Watcher> =>
  chromiumPath === undefined ? watchEvents(url) : watchPage(url, chromiumPath);

async function watchPage(url: string, path: string): Promise<Watcher> {
  const browser = await launchChromium(path);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(url);
  await page.getByText('stream live').waitFor();
  await page.evaluate(OBSERVE);
  return {
    sees: 'row in the page, in Chromium',
    sightings: async () => (await page.evaluate('window.sightings')) as Sighting[],
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function watchEvents(url: string): Promise<Watcher> {
  const stop = new AbortController();
  const found: Sighting[] = [];
  const answer = await fetch(`${url}/api/v1/alerts/stream?state=firing`, { signal: stop.signal });
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const at = Date.now();
      const events = `${text}${chunk}`.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: ?(.*)$/m.exec(event)?.[1];
        if (data !== undefined)
          found.push({ fingerprint: (JSON.parse(data) as { fingerprint: string }).fingerprint, at });
      }
    }
  };
  const reading = read().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    sees: 'event at a client, without a browser',
    sightings: () => Promise.resolve(found),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await reading;
    },
  };
}
