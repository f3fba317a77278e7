import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Line, Lines } from '../../platform/telemetry/lines.js';
import {
  type EncodeOptions,
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
export function writeEncoded({ folder, onProgress }: EncodeOptions): void {
  const files = {
    'video.mpd': '<MPD/>',
    'master.m3u8': '#EXTM3U\nmedia_0.m3u8\n',
    'media_0.m3u8': '#EXTM3U\n#EXT-X-MAP:URI="init-0.m4s"\n#EXTINF:10,\nseg-0-1.m4s\n#EXT-X-ENDLIST\n',
    'init-0.m4s': 'x',
    'seg-0-1.m4s': 'x',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  for (let i = 0; i <= 100; i++) onProgress(i / 100);
}

/** Stands for ffmpeg. */
export class FakeTranscoder implements Transcoder {
  readonly encodes: EncodeOptions[] = [];
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
