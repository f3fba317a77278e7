import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Line, Lines } from '../../platform/telemetry/lines.js';
import {
  type EncodeOptions,
  type PictureOptions,
  type Probe,
  TranscodeError,
  type Transcoder,
} from '../../platform/transcoder/transcoder.js';

import type { VideoJob } from '../../schemas/types.js';

/** An ordinary video. */
export const good: Probe = {
  seconds: 10,
  videoSeconds: 10,
  audioSeconds: null,
  width: 640,
  height: 360,
  frameRate: 25,
  pixels: 640 * 360,
  videoStream: 0,
  audioStream: null,
};

/** Keeps what a component writes. */
export class Journal implements Lines {
  readonly all: (Line & { readonly level: string; readonly message: string })[] = [];

  info(line: Line, message: string): void {
    this.all.push({ level: 'info', message, ...line });
  }

  warn(line: Line, message: string): void {
    this.all.push({ level: 'warn', message, ...line });
  }

  /** Messages alone. */
  get messages(): readonly string[] {
    return this.all.map(({ message }) => message);
  }

  /** What was warned of. */
  get warnings(): readonly string[] {
    return this.all.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }
}

/** A job for this video. */
export const jobOf = (video: string, more: Partial<VideoJob> = {}): VideoJob => ({
  kind: 'process',
  id: `${video}.u`,
  video,
  upload: 'u',
  createdAt: 1,
  requestId: 'r',
  traceparent: null,
  ...more,
});

/** Writes what an encode leaves, and tells progress in hundredths. */
export function writeEncoded({ folder, renditions, onProgress }: EncodeOptions): void {
  const playlists = renditions.map((_, i) => `media_${i}.m3u8`);
  const files: Record<string, string> = {
    'video.mpd': '<MPD/>',
    'master.m3u8': `#EXTM3U\n${playlists.join('\n')}\n`,
  };
  for (const [i, name] of playlists.entries()) {
    const media = `#EXT-X-MAP:URI="init-${i}.m4s"\n#EXTINF:10,\nseg-${i}-1.m4s\n`;
    files[name] = `#EXTM3U\n${media}#EXT-X-ENDLIST\n`;
    files[`init-${i}.m4s`] = 'x';
    files[`seg-${i}-1.m4s`] = 'x';
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  for (let i = 0; i <= 100; i++) onProgress(i / 100);
}

/** Stands for ffmpeg. */
export class FakeTranscoder implements Transcoder {
  readonly encodes: EncodeOptions[] = [];
  readonly pictures: PictureOptions[] = [];
  paint: (options: PictureOptions) => void = ({ folder, file }) =>
    writeFileSync(join(folder, file), Buffer.from('ffd8ffd9', 'hex'));
  probed: Probe | Error = good;
  work: (options: EncodeOptions) => void | Promise<void> = writeEncoded;

  async probe(): Promise<Probe> {
    if (this.probed instanceof Error) throw this.probed;
    return this.probed;
  }

  async encode(options: EncodeOptions): Promise<void> {
    this.encodes.push(options);
    await this.work(options);
  }

  async picture(options: PictureOptions): Promise<void> {
    this.pictures.push(options);
    this.paint(options);
  }

  makeClip(): Promise<void> {
    return Promise.resolve();
  }
}

/** Writes a beginning, and waits until the signal is aborted, or `go` is called. */
export function held(): {
  readonly work: (options: EncodeOptions) => Promise<void>;
  begun: Promise<void>;
  go: () => void;
} {
  let begin: () => void = () => undefined;
  let go: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  const work = async (options: EncodeOptions): Promise<void> => {
    writeFileSync(join(options.folder, 'seg-0-1.m4s'), 'half');
    begin();
    const aborted = new Promise<never>((_, reject) => {
      options.signal.addEventListener('abort', () => reject(new TranscodeError('Aborted', 'stopped')));
    });
    await Promise.race([gone, aborted]);
    writeEncoded(options);
  };
  return { work, begun, go: () => go() };
}
