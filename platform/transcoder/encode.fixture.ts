import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/tidemark.js';
import { verify } from '../../video/vps/verify.js';
import { tools } from './clips.fixture.js';
import { ffmpegTranscoder } from './ffmpeg.js';
import type { EncodeOptions, Rendition, Transcoder } from './transcoder.js';

export const never: AbortSignal = new AbortController().signal;
export const tiny: Rendition = { codec: 'h264', width: 160, height: 90, bitrate: 100 };

/** A folder of clips and encodes. */
export class Encodes implements Disposable {
  readonly #folder = temporaryFolder();
  #outputs = 0;

  get path(): string {
    return this.#folder.path;
  }

  /** Where the last one went. */
  get last(): string {
    return join(this.path, `out ${this.#outputs}`);
  }

  /** Encodes into a folder of its own, whose name holds a space; resolves to it. */
  async encode(
    input: string,
    {
      transcoder = ffmpegTranscoder(tools),
      ...more
    }: Partial<EncodeOptions & { transcoder: Transcoder }> = {},
  ): Promise<string> {
    this.#outputs++;
    const out = this.last;
    mkdirSync(out);
    const probe = more.probe ?? (await transcoder.probe(input));
    const usual = { renditions: [tiny], mostBytes: 1e9, signal: never, onProgress: () => undefined };
    await transcoder.encode({ ...usual, ...more, input, probe, folder: out });
    await verify(out, probe);
    return out;
  }

  /** Whether a process runs that has the folder among its arguments; the system tells no sooner than it is gone. */
  get running(): boolean {
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .some((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.path);
        } catch {
          return false;
        }
      });
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}
