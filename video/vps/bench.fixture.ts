import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { card, clip, ffmpeg, h264, tools } from '../../platform/transcoder/clips.fixture.js';
import { ffmpegTranscoder } from '../../platform/transcoder/ffmpeg.js';
import type { Rendition } from '../../platform/transcoder/transcoder.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { Folders } from '../jobs/folders.js';
import { type Outcome, processWithAttempts } from './attempts.js';
import { Journal, jobOf } from './driver.fixture.js';
import { usualLimits } from './limits.js';
import { Slots } from './slots.js';
import { verify, verifyPictures } from './verify.js';

/** Of ffmpeg, bytes: what it may ask for, and what of that it may use for anything here. */
const MEMORY = 1_000_000_000;
const RESIDENT = 600_000_000;
/** Nothing here takes longer, unless it is held up on purpose, ms. */
const LONGEST_MS = 30_000;
const MAGENTA = [255, 0, 255] as const;

/** What became of a file. */
export interface Result extends Outcome {
  /** Names of what is published; empty where nothing is. */
  readonly published: readonly string[];
  /** Resident memory of the largest of ffmpeg and ffprobe, bytes; 0 where the system does not tell. */
  readonly peak: number;
}

/**
 * The real transcoder and the worker, with what must not be touched beside them: a bait that is all magenta, a
 * secret text, and a server that counts who asks.
 */
export class Bench implements AsyncDisposable {
  readonly #root = temporaryFolder();
  readonly folders = new Folders(this.#root.path);
  readonly journal = new Journal();
  /** Where media is made. */
  readonly studio = join(this.#root.path, 'studio');
  readonly secret = 'the secret of another user';
  readonly #server = createServer((_, answer) => {
    this.requests++;
    answer.end(this.secret);
  });
  requests = 0;
  #videos = 0;
  #ids = 0;

  static async open(): Promise<Bench> {
    const bench = new Bench();
    for (const folder of [...bench.folders.all, bench.studio]) mkdirSync(folder, { recursive: true });
    const magenta = ['-f', 'lavfi', '-i', 'color=magenta:size=320x180:rate=25:duration=2'];
    await clip(bench.folders.uploads, 'bait.mp4', ...magenta, ...h264);
    await ffmpeg(...magenta, ...h264, join(bench.folders.uploads, 'bait.ts'));
    writeFileSync(join(bench.folders.uploads, 'bait.txt'), bench.secret);
    await new Promise<void>((resolve) => bench.#server.listen(0, '127.0.0.1', resolve));
    return bench;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/bait.ts`;
  }

  bait(kind: 'mp4' | 'ts' | 'txt'): string {
    return join(this.folders.uploads, `bait.${kind}`);
  }

  /** Makes an mp4 by these arguments of ffmpeg. */
  async make(...args: readonly string[]): Promise<Buffer> {
    return readFileSync(await clip(this.studio, 'made.mp4', ...args));
  }

  /** An ordinary one of 2 s, its media data before its index. */
  ordinary(...args: readonly string[]): Promise<Buffer> {
    return this.make(...card('320x180', 2), ...h264, ...args);
  }

  /**
   * Has a worker do a file as a job, and holds what holds for every file: no other one was read, nobody was
   * asked, no bound was passed, nothing half is published, nothing is left over, and no reason tells a path.
   */
  async process(content: Uint8Array, codecs: readonly Rendition['codec'][] = ['h264']): Promise<Result> {
    const video = `v${++this.#videos}`;
    const job = jobOf(video);
    const upload = this.folders.upload(job.id);
    writeFileSync(upload, content);
    const untouched = this.#watchBaits();
    const memory = new PeakMemory();
    const since = performance.now();
    const outcome = await processWithAttempts(job, AbortSignal.timeout(2 * LONGEST_MS), {
      ...{ folders: this.folders, codecs, limits: usualLimits, slots: new Slots(1), lines: this.journal },
      transcoder: ffmpegTranscoder(tools, { memory: MEMORY, limit: { times: 0, leastMs: LONGEST_MS } }),
      clock: () => 0,
      monotonic: () => performance.now(),
      newId: () => `attempt-${++this.#ids}`,
      freeBytes: async () => 1e12,
      attempts: new Set(),
      onStart: () => undefined,
      onProgress: () => undefined,
      pause: () => Promise.resolve(),
    });
    const peak = memory.stop();
    expect(performance.now() - since).toBeLessThan(LONGEST_MS);
    expect(peak).toBeLessThan(RESIDENT);
    expect(untouched()).toEqual([]);
    expect(this.requests).toBe(0);
    expect(readdirSync(this.folders.work)).toEqual([]);
    const published = readdirSync(this.folders.published).includes(video);
    expect(published).toBe(outcome.event.kind === 'processed');
    const folder = this.folders.video(video);
    if (published) {
      await verify(folder, await ffmpegTranscoder(tools).probe(upload));
      await verifyPictures(folder);
      await this.#looksHarmless(folder);
    } else {
      expect(outcome.event.reason).not.toContain(this.#root.path);
      expect(outcome.event.reason).not.toContain(this.secret);
      expect(outcome.event.reason).not.toMatch(/0x[\da-f]/);
    }
    return { ...outcome, published: published ? readdirSync(folder).sort() : [], peak };
  }

  /** The folder of what was published last. */
  get last(): string {
    return this.folders.video(`v${this.#videos}`);
  }

  /** Nothing of the bait can be seen in the poster, nor read in any file. */
  async #looksHarmless(folder: string): Promise<void> {
    const pixel = join(this.studio, 'pixel.rgb');
    const one = ['-vf', 'scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', pixel];
    await ffmpeg('-i', join(folder, 'poster.jpg'), ...one);
    const distance = Math.max(...MAGENTA.map((value, i) => Math.abs(value - (readFileSync(pixel)[i] ?? 0))));
    expect(distance).toBeGreaterThan(60);
    for (const name of readdirSync(folder))
      expect(readFileSync(join(folder, name)).includes(this.secret)).toBe(false);
  }

  /** Makes the first reader of a bait visible; what is returned lists those that were read since. */
  #watchBaits(): () => readonly string[] {
    const paths = readdirSync(this.folders.uploads)
      .filter((name) => name.startsWith('bait.'))
      .map((name) => join(this.folders.uploads, name));
    const long = new Date(1_000_000_000_000);
    // A reading is noted where the last one is older than the last change.
    for (const path of paths) utimesSync(path, long, new Date());
    return () => (notesReadings() ? paths.filter((path) => statSync(path).atimeMs !== long.getTime()) : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    this.#root[Symbol.dispose]();
  }
}

let noted: boolean | null = null;

/** Whether this file system notes when a file is read. */
function notesReadings(): boolean {
  if (noted !== null) return noted;
  using folder = temporaryFolder();
  const path = join(folder.path, 'read');
  writeFileSync(path, 'x');
  utimesSync(path, new Date(1_000_000_000_000), new Date());
  readFileSync(path);
  noted = statSync(path).atimeMs !== 1_000_000_000_000;
  return noted;
}

/** Looks at the processes that this one started, again and again. */
class PeakMemory {
  #peak = 0;
  readonly #timer = setInterval(() => this.#look(), 10);

  stop(): number {
    clearInterval(this.#timer);
    return this.#peak;
  }

  #look(): void {
    for (const pid of children()) {
      const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`)) ?? [];
      this.#peak = Math.max(this.#peak, Number(kilobytes ?? 0) * 1024);
    }
  }
}

const children = (): readonly string[] =>
  list(`/proc/${process.pid}/task`).flatMap((thread) =>
    read(`/proc/${process.pid}/task/${thread}/children`).split(' ').filter(Boolean),
  );

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
