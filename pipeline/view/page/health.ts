import { byId, el } from './dom.js';
import { ageText } from './format.js';
import { getJson } from './stream.js';
import { type TargetStatus, targetItems } from './targets.js';

interface Status {
  readonly now: number;
  readonly scrapedTo: number | null;
  readonly evaluatedTo: number | null;
  readonly sources: readonly { readonly source: string; readonly watermark: number }[];
  readonly targets: readonly TargetStatus[];
  readonly rules: {
    readonly file: string;
    readonly revision: string;
    readonly count: number;
    /** Why the file as it is now is not in use; null where it is. */
    readonly problem: string | null;
  } | null;
}

/** Beyond that nothing is as it should be, ms: whoever watches has to be told. */
const STALE_MS = 120_000;
const CUT_MS = 3_000;

/** Whether what is seen can be relied on: the strip at the top, and the banner where it cannot. */
export class Health {
  #status: Status | null = null;
  #problem: string | null = null;
  /** Since when the stream is cut, ms; null while it is open. */
  #cutSince: number | null = null;
  /** How much the server's clock is ahead of this one, ms. */
  #ahead = 0;

  constructor(readonly clock: () => number) {}

  /** The server's time: ages are counted by it. */
  now(): number {
    return this.clock() + this.#ahead;
  }

  stream(open: boolean): void {
    if (!open) this.#cutSince ??= this.clock();
    else this.#cutSince = null;
    this.draw();
  }

  async ask(): Promise<void> {
    try {
      this.#status = await getJson<Status>('/api/v1/status');
      this.#ahead = this.#status.now - this.clock();
      this.#problem = null;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
    }
    this.draw();
  }

  draw(): void {
    const [now, status] = [this.now(), this.#status];
    const age = (at: number | null): string => (at === null ? 'never' : `${ageText(now - at)} ago`);
    const item = (name: string, text: string, title = ''): HTMLElement =>
      el('span', { class: 'item', title }, el('i', {}, `${name} `), el('b', {}, text));
    const items =
      status === null
        ? []
        : [
            item('scraped', age(status.scrapedTo), 'event time up to which everything was brought'),
            item('evaluated', age(status.evaluatedTo), 'end of the newest window that was judged'),
            item('lag', lagText(status)),
            ...targetItems(status.targets, now),
            item(
              'sources',
              String(status.sources.length),
              status.sources.map(({ source }) => source).join(', '),
            ),
            item(
              'rules',
              status.rules ? `${status.rules.count} in ${status.rules.file}` : 'none',
              status.rules?.revision,
            ),
          ];
    byId('health').replaceChildren(item('stream', this.#cutSince === null ? 'live' : 'cut'), ...items);
    const banner = byId('banner');
    const text = this.#trouble(now);
    banner.hidden = text === null;
    if (banner.textContent !== (text ?? '')) banner.textContent = text ?? '';
  }

  #trouble(now: number): string | null {
    const cut = this.#cutSince === null ? 0 : this.clock() - this.#cutSince;
    if (cut > CUT_MS)
      return `The connection has been cut for ${ageText(cut)}: what you see may be old. It is tried again.`;
    if (this.#problem !== null) return `The server cannot say how it is: ${this.#problem}`;
    const { scrapedTo = null, evaluatedTo = null } = this.#status ?? {};
    if (this.#status === null) return null;
    if (scrapedTo === null || now - scrapedTo > STALE_MS)
      return `Nothing has been scraped ${scrapedTo === null ? 'yet' : `for ${ageText(now - scrapedTo)}`}: is the spout running, and can it reach its targets?`;
    if (evaluatedTo !== null && scrapedTo - evaluatedTo > STALE_MS)
      return `Windows are ${ageText(scrapedTo - evaluatedTo)} behind what was scraped: is the pipeline running?`;
    const { rules } = this.#status;
    if (rules?.problem)
      return `The rules cannot be taken up, those of revision ${rules.revision} stay: ${rules.problem}`;
    return null;
  }
}

const lagText = ({ scrapedTo, evaluatedTo }: Status): string =>
  scrapedTo === null || evaluatedTo === null ? '–' : ageText(Math.max(0, scrapedTo - evaluatedTo));
