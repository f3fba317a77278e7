import { byId, el } from './dom.js';
import type { MediaPlayerClass } from './vendor/dash.js';

export interface Playable {
  /** Addresses. */
  readonly manifest: string;
  readonly poster: string;
  readonly title: string;
}

/** Plays one video at a time. The library is loaded with the first one: it is larger than all else together. */
export class Player {
  #player: MediaPlayerClass | null = null;
  /** Of the newest wish: what is loaded for an older one is not played. */
  #wish = 0;

  constructor() {
    byId('player-close').addEventListener('click', () => this.stop());
  }

  async play({ manifest, poster, title }: Playable): Promise<void> {
    this.stop();
    const wish = ++this.#wish;
    byId('player').hidden = false;
    const note = byId('player-note');
    byId('player-title').textContent = title;
    note.textContent = 'loading …';
    try {
      const { MediaPlayer } = await import('./vendor/dash.js');
      if (wish !== this.#wish) return;
      const player = MediaPlayer().create();
      this.#player = player;
      player.on('playbackStarted', () => {
        note.textContent = '';
      });
      player.on('error', ({ error }) => {
        note.textContent = `It cannot be played: ${typeof error === 'string' ? error : error.message}`;
      });
      const video = el('video', {
        ...{ controls: true, playsinline: true, poster },
        'aria-labelledby': 'player-title',
      });
      byId('player-frame').replaceChildren(video);
      player.initialize(video, manifest, true);
    } catch (error) {
      if (wish === this.#wish)
        note.textContent = `It cannot be played: ${error instanceof Error ? error.message : error}`;
    }
  }

  stop(): void {
    this.#wish++;
    this.#player?.destroy();
    this.#player = null;
    byId('player-frame').replaceChildren();
    byId('player').hidden = true;
  }
}
