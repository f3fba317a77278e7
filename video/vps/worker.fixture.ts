import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { VideoEvent } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { Folders } from '../jobs/folders.js';
import { FakeTranscoder, Journal, jobOf } from './driver.fixture.js';
import { usualLimits } from './limits.js';
import { Slots } from './slots.js';
import { processJob } from './worker.js';

export const job = jobOf('v');
export const never: AbortSignal = new AbortController().signal;

/** A worker at its folders, with a job whose upload is there. */
export class Desk implements Disposable {
  readonly root = temporaryFolder();
  readonly folders = new Folders(this.root.path);
  readonly transcoder = new FakeTranscoder();
  readonly journal = new Journal();
  /** What it told of its progress. */
  readonly told: VideoEvent[] = [];
  slots = new Slots(2);
  /** What is left on the disk, bytes. */
  free = 1e12;
  #ids = 0;

  constructor() {
    for (const folder of this.folders.all) mkdirSync(folder, { recursive: true });
    writeFileSync(this.folders.upload(job.id), 'film');
  }

  run(signal: AbortSignal = never, one = job, tries = { failed: 0 }): Promise<VideoEvent> {
    const { folders, transcoder, slots, journal: lines } = this;
    return processJob(one, signal, {
      ...{ folders, transcoder, slots, lines, tries, codecs: ['h264'], limits: usualLimits },
      clock: () => 7,
      monotonic: () => 7,
      newId: () => `attempt-${++this.#ids}`,
      freeBytes: async () => this.free,
      attempts: new Set(),
      onStart: () => undefined,
      onProgress: (event) => this.told.push(event),
    });
  }

  inWork(): string[] {
    return readdirSync(this.folders.work);
  }

  [Symbol.dispose](): void {
    this.root[Symbol.dispose]();
  }
}
