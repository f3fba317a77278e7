import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiDocument } from './api-contract.js';
import { type Fuzzed, type FuzzOptions, fuzzApi } from './fuzz-api.js';
import { temporaryFolder, Up } from './tidemark.js';
import { basic, Uploader } from './videos.js';

/** `FUZZ_SECONDS` goes on for longer, `FUZZ_SEED` repeats what failed. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 8);
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Date.now() % 2 ** 31));

describe(`whatever is asked, with seed ${seed} for ${seconds} s`, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let up: Up;
  beforeAll(async () => {
    folder = temporaryFolder();
    up = await Up.start('--data', folder.path, '--scrape-interval', '1s', '--upload-limit', '1MB');
  });
  afterAll(async () => {
    await up.end('SIGKILL');
    folder[Symbol.dispose]();
  });

  const documentAt = async (path: string): Promise<ApiDocument> =>
    (await (await fetch(up.url + path)).json()) as ApiDocument;
  const isAlive = async (): Promise<void> => {
    expect((await fetch(`${up.url}/healthz`)).status).toBe(200);
    expect(up.child.exitCode).toBeNull();
    expect(up.stderr).not.toContain('"level":60');
  };
  const statuses = ({ seen }: Fuzzed): Set<string> =>
    new Set([...seen.keys()].map((what) => what.split(' ').at(-1) ?? ''));

  /** On a busy machine few requests fit into the time: goes on until each of the statuses was seen, within reason. */
  const fuzz = async (options: FuzzOptions, wanted: readonly string[]): Promise<Fuzzed> => {
    let found = await fuzzApi(options);
    for (let more = 1; more <= 10 && wanted.some((status) => !statuses(found).has(status)); more++) {
      const { requests, seen } = await fuzzApi({ ...options, seed: seed + more, ms: 2_000 });
      found = { requests: found.requests + requests, seen: new Map([...found.seen, ...seen]) };
    }
    // Not only refusals were seen, and not only what is granted.
    for (const status of wanted) expect(statuses(found)).toContain(status);
    return found;
  };

  test('the videos answer as their document says, and never with a fault of theirs', {
    timeout: 60_000 + seconds * 2_000,
  }, async () => {
    const user = new Uploader(up.url);
    await user.register();
    await user.register({ email: 'bob@example.org' });
    for (let i = 0; i < 3; i++) await user.create(`video ${i}`);
    const right = basic().authorization ?? '';
    const others = [basic('bob@example.org'), basic('bob@example.org', 'wrong'), basic('nobody@example.org')];
    const odd = ['Basic', 'Basic !', 'Basic eA==', 'Bearer x', `Basic ${'QQ'.repeat(1_000)}`];
    const options = {
      base: `${up.url}/vms`,
      document: await documentAt('/vms/openapi.json'),
      logins: [
        '',
        ...Array(12).fill(right),
        ...others.map(({ authorization = '' }) => authorization),
        ...odd,
      ],
      ...{ seed, ms: seconds * 1_000, secrets: [folder.path] },
    };
    const found = await fuzz(options, ['200', '201', '400', '401', '404']);
    await isAlive();
    expect(found.requests).toBeGreaterThan(seconds * 10);
    expect(up.stderr).not.toContain('something went wrong');
    const id = await user.create('after all that');
    expect(await user.status(id)).toMatchObject({ state: 'waitingUpload' });
  });

  test('the view answers as its document says, and never with a fault of its own', {
    timeout: 60_000 + seconds * 2_000,
  }, async () => {
    const options = {
      base: `${up.url}/api/v1`,
      document: await documentAt('/api/v1/openapi.json'),
      logins: ['', 'Bearer x'],
      ...{ seed, ms: seconds * 1_000, secrets: [folder.path] },
    };
    await fuzz(options, ['200', '400', '404', '415']);
    await isAlive();
  });
});
