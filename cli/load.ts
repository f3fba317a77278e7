import type { Writable } from 'node:stream';
import { Pool } from 'undici';

export interface LoadOptions {
  readonly url: string;
  /** How many users register and create a video. */
  readonly register: number;
  /** The mp4 that each of them uploads; null uploads none. */
  readonly video: Buffer | null;
  /** How often the videos are listed, and one is asked for. */
  readonly list: number;
  readonly get: number;
  /** Probability that the video asked for is one that was created. */
  readonly hit: number;
  /** Requests per second, started on time whether or not others are answered. */
  readonly rate: number;
  readonly csv?: Writable;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  /** What the first failure was; null where there is none. */
  readonly firstFailure: string | null;
  /** ms */
  readonly p50: number;
  readonly p99: number;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const IN_FLIGHT = 256;
const HEADER = 'time,method,uri,status,latency_ms,bytes_out,bytes_in\n';

/** Drives the gateway: n1 register, create and upload, n2 list, n3 ask for a video, in a shuffled order, at a rate. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { register, list, get, random, rate, signal, progress } = options;
  const client = new Client(options);
  const videos: string[] = [];
  const jobs: (() => Promise<void>)[] = [
    ...Array.from({ length: register }, () => () => client.newcomer(videos)),
    ...Array.from({ length: list }, () => () => client.list()),
    ...Array.from({ length: get }, () => () => client.get(random() < options.hit ? videos : [])),
  ];
  shuffle(jobs, random);
  const started = performance.now();
  const running = new Set<Promise<void>>();
  let done = 0;
  for (const [i, job] of jobs.entries()) {
    await options.pause(started + (i * 1000) / rate - performance.now(), signal);
    while (running.size >= IN_FLIGHT) await Promise.race(running);
    if (signal.aborted) break;
    const run = job().finally(() => {
      running.delete(run);
      progress?.(++done, jobs.length);
    });
    running.add(run);
  }
  await Promise.all(running);
  await client.close();
  return client.result();
}

class Client {
  readonly #pool: Pool;
  readonly #latencies: number[] = [];
  #failures = 0;
  #firstFailure: string | null = null;
  #users = 0;

  constructor(readonly options: LoadOptions) {
    this.#pool = new Pool(options.url, { connections: 64 });
    options.csv?.write(HEADER);
  }

  async newcomer(videos: string[]): Promise<void> {
    const name = `user-${this.#users++}-${Math.floor(this.options.random() * 1e12)}`;
    const user = { name, email: `${name}@example.org`, password: name };
    await this.#call({ method: 'POST', path: '/vms/users/register', ...json(user) });
    const authorization = `Basic ${Buffer.from(`${user.email}:${user.password}`).toString('base64')}`;
    const { body, headers } = json({ name: `video of ${name}`, author: name });
    const created = await this.#call({
      method: 'POST',
      path: '/vms/videos',
      body,
      headers: { ...headers, authorization },
    });
    const id = created === null ? undefined : (JSON.parse(created) as { id?: string }).id;
    if (id === undefined) return;
    videos.push(id);
    const { video } = this.options;
    if (video === null) return;
    const form = multipart(video);
    await this.#call({
      method: 'POST',
      path: `/vms/videos/${id}`,
      body: form.body,
      headers: { ...form.headers, authorization },
    });
  }

  async list(): Promise<void> {
    await this.#call({ method: 'GET', path: '/vms/videos' });
  }

  async get(videos: readonly string[]): Promise<void> {
    const { random } = this.options;
    const known = videos[Math.floor(random() * videos.length)];
    await this.#call({ method: 'GET', path: `/vms/videos/${known ?? `none-${Math.floor(random() * 1e9)}`}` });
  }

  result(): LoadResult {
    const sorted = this.#latencies.sort((a, b) => a - b);
    const at = (share: number): number =>
      Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
    return {
      requests: sorted.length,
      failures: this.#failures,
      firstFailure: this.#firstFailure,
      p50: at(0.5),
      p99: at(0.99),
    };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** The answer's body where it is a success; a failure is no answer, one of 5xx, and a POST that is refused. */
  async #call({ method, path, body, headers = {} }: Call): Promise<string | null> {
    const since = performance.now();
    let status = 0;
    let text = '';
    try {
      const answer = await this.#pool.request({ method, path, headers, body: body ?? null });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (error) {
      status = 0;
      text = error instanceof Error ? error.message : String(error);
    }
    const latency = performance.now() - since;
    this.#latencies.push(latency);
    if (status === 0 || status >= 500 || (method === 'POST' && status >= 400)) {
      this.#failures++;
      this.#firstFailure ??= `${method} ${path}: ${status === 0 ? 'no answer,' : status} ${detailOf(text)}`;
    }
    const sizes = `${body?.length ?? 0},${status === 0 ? 0 : Buffer.byteLength(text)}`;
    this.options.csv?.write(
      `${new Date().toISOString()},${method},${path},${status},${latency.toFixed(1)},${sizes}\n`,
    );
    return status >= 200 && status < 300 ? text : null;
  }
}

/** The detail of a problem; else the beginning of the text. */
function detailOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail);
  } catch {
    return text.slice(0, 200);
  }
}

interface Content {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const json = (value: unknown): Content => ({
  body: Buffer.from(JSON.stringify(value)),
  headers: { 'content-type': 'application/json' },
});

/** An mp4 as the form field that video management takes. */
export function multipart(video: Buffer): Content {
  const boundary = 'tidemark-7d1f0c52a9';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="video.mp4"\r\ncontent-type: video/mp4\r\n\r\n`;
  return {
    body: Buffer.concat([Buffer.from(head), video, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  };
}

/** Fisher-Yates. */
function shuffle<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
}
