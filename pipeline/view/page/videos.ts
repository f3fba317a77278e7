import { byId, el } from './dom.js';
import { ageText, timeText } from './format.js';
import { Gateway, type Video } from './gateway.js';
import { Player } from './player.js';
import { getJson } from './stream.js';
import { onUpload } from './upload.js';

/** Rows at most; a load test makes thousands of videos. */
const SHOWN = 100;

interface Row {
  readonly text: string;
  readonly element: HTMLElement;
}

/** The videos of the platform: how far each is, and playing one. */
export class Videos {
  readonly #player = new Player();
  readonly #rows = new Map<string, Row>();
  /** How long each available video is, ms; null where its manifest does not say. */
  readonly #durations = new Map<string, number | null>();
  readonly #gateway: Promise<Gateway | null>;
  #asking = false;

  constructor(readonly now: () => number) {
    this.#gateway = getJson<{ readonly gateway: string | null }>('/assets/gateway.json').then(
      ({ gateway }) => (gateway === null ? null : new Gateway(gateway)),
      () => null,
    );
    void this.#gateway.then((gateway) => {
      byId('tab-videos').hidden = gateway === null;
      byId('upload').hidden = gateway === null;
      if (gateway === null) return;
      byId('upload-url').textContent = gateway.origin || location.origin;
      onUpload(gateway, () => void this.show());
    });
  }

  /** Asks anew; a list that is not answered yet is waited for. */
  async show(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const gateway = await this.#gateway;
      if (gateway === null) throw new Error('This view knows of no gateway: start it with --gateway-url.');
      const videos = [...(await gateway.videos())].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
      this.#draw(gateway, videos);
      await this.#askDurations(gateway, videos);
    } catch (error) {
      byId('videos-note').textContent = error instanceof Error ? error.message : String(error);
    } finally {
      this.#asking = false;
    }
  }

  leave(): void {
    this.#player.stop();
  }

  #draw(gateway: Gateway, videos: readonly Video[]): void {
    const more = videos.length > SHOWN ? `The newest ${SHOWN} of ${videos.length}.` : '';
    byId('videos-note').textContent = more;
    byId('no-video').hidden = videos.length > 0;
    byId('video-table').hidden = videos.length === 0;
    const seen = videos.slice(0, SHOWN);
    const elements = seen.map((video) => this.#row(gateway, video));
    const body = byId('video-rows');
    // Put in anew only where something moved: whoever has the focus keeps it.
    if (elements.some((element, i) => body.children[i] !== element) || body.childElementCount > seen.length)
      body.replaceChildren(...elements);
    const ids = new Set(seen.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
  }

  async #askDurations(gateway: Gateway, videos: readonly Video[]): Promise<void> {
    const open = videos
      .slice(0, SHOWN)
      .filter(({ id, state }) => state === 'available' && !this.#durations.has(id));
    for (const { id } of open) this.#durations.set(id, await gateway.durationOf(id));
    if (open.length > 0) this.#draw(gateway, videos);
  }

  #row(gateway: Gateway, video: Video): HTMLElement {
    const duration = this.#durations.get(video.id) ?? null;
    const text = JSON.stringify([video, duration]);
    const known = this.#rows.get(video.id);
    if (known?.text === text) return known.element;
    const [manifest, poster] = [gateway.manifestOf(video.id), gateway.posterOf(video.id)];
    const play = (): void => void this.#player.play({ manifest, poster, title: video.name });
    const element = el(
      'tr',
      { class: video.state, 'data-video': video.id },
      el('th', { scope: 'row' }, video.name),
      el('td', {}, video.author),
      el('td', { class: 'state' }, ...stateOf(video)),
      el('td', {}, duration === null ? '–' : ageText(duration)),
      el('td', {}, timeText(Date.parse(video.createdAt), this.now())),
      el(
        'td',
        {},
        video.state === 'available'
          ? el('button', { type: 'button', 'aria-label': `Play ${video.name}`, onclick: play }, 'Play')
          : null,
      ),
    );
    this.#rows.set(video.id, { text, element });
    return element;
  }
}

function stateOf({ name, state, progress, reason }: Video): readonly (Node | string)[] {
  if (state === 'waitingUpload') return ['waits for its file'];
  if (state === 'available') return [el('b', { class: 'resolved' }, 'published')];
  if (state === 'notAvailable')
    return [el('b', { class: 'firing' }, 'failed'), `: ${reason ?? 'no reason given'}`];
  const bar = el('progress', { value: progress, max: 1, 'aria-label': `${name}: share that is encoded` });
  return [bar, ` ${Math.floor(progress * 100)}% encoded`];
}
