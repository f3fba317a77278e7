import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { multipart } from '../cli/load.js';
import type { Tools } from '../platform/transcoder/bounded.js';
import { findTools } from '../platform/transcoder/tools.js';

/** What video management says of a video. */
export interface Status {
  readonly state: string;
  readonly progress: number;
  readonly reason: string | null;
}

const owner = { name: 'Ada', email: 'ada@example.org', password: 'secret' };
export const basic = (email = owner.email, password = owner.password): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`,
});

const json = (value: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});

/** A user of the platform, through the gateway alone. */
export class Uploader {
  constructor(readonly url: string) {}

  async register(user: Partial<typeof owner> = {}): Promise<void> {
    await fetch(`${this.url}/vms/users/register`, json({ ...owner, ...user }));
  }

  /** Resolves to the id of the new video. */
  async create(name: string): Promise<string> {
    const answer = await fetch(`${this.url}/vms/videos`, json({ name, author: 'Ada' }, basic()));
    const { id } = (await answer.json()) as { id: string };
    return id;
  }

  async upload(id: string, content: Buffer, headers = basic()): Promise<{ status: number; detail?: string }> {
    const { body, headers: form } = multipart(content);
    const answer = await fetch(`${this.url}/vms/videos/${id}`, {
      method: 'POST',
      headers: { ...form, ...headers },
      body: new Uint8Array(body),
    });
    return { status: answer.status, ...((await answer.json()) as { detail?: string }) };
  }

  async status(id: string): Promise<Status> {
    return (await (await fetch(`${this.url}/vms/videos/${id}/status`)).json()) as Status;
  }
}

/** Clips made with the ffmpeg of this machine, and its probe. */
export class Studio implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tidemark-studio-'));

  private constructor(readonly tools: Tools) {}

  static async open(): Promise<Studio> {
    return new Studio(await findTools());
  }

  /** A clip of a test card with these further output options. */
  clip(options: { seconds: number; size: string; audio: boolean; more?: readonly string[] }): Buffer {
    const { seconds, size, audio, more = [] } = options;
    const file = join(this.folder, 'clip.mp4');
    const card = ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=25:duration=${seconds}`];
    const tone = audio ? ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`] : [];
    const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
    this.#run(this.tools.ffmpeg, [
      '-v',
      'error',
      '-nostdin',
      '-y',
      ...card,
      ...tone,
      ...codecs,
      ...more,
      file,
    ]);
    return readFileSync(file);
  }

  /** The streams of a file, as ffprobe sees them. */
  streams(file: string): readonly Readonly<Record<string, string | number>>[] {
    const out = this.#run(this.tools.ffprobe, [
      '-v',
      'error',
      '-count_packets',
      '-show_streams',
      '-of',
      'json',
      file,
    ]);
    return (JSON.parse(out) as { streams: Record<string, string | number>[] }).streams;
  }

  #run(program: string, args: readonly string[]): string {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
