import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CutLine } from './cut-line.js';
import { temporaryFolder, Up } from './tidemark.js';
import { basic, Studio, Uploader } from './videos.js';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.open();
});
afterAll(() => studio[Symbol.dispose]());

test('an upload whose line is cut goes on where it was, by a client of tus', async () => {
  using folder = temporaryFolder();
  await using up = await Up.start('--data', folder.path);
  await using line = await CutLine.to(Number(new URL(up.url).port));
  const user = new Uploader(up.url);
  await user.register();
  const video = await user.create('Tides');
  const clip = studio.clip({
    seconds: 4,
    size: '640x360',
    audio: true,
    more: ['-b:v', '6M', '-minrate', '6M'],
  });
  const offsets: number[] = [];
  let retries = 0;
  await new Promise<void>((resolve, reject) => {
    const upload = new Upload(clip, {
      endpoint: `${line.url}/vms/uploads`,
      headers: basic(),
      metadata: { video },
      chunkSize: Math.ceil(clip.length / 5),
      retryDelays: [0, 50, 100, 200, 400, 800],
      onChunkComplete: (_, accepted) => {
        offsets.push(accepted);
        // Twice, in the middle of a part.
        if (offsets.length === 1 || offsets.length === 3) setImmediate(() => line.cut());
      },
      onShouldRetry: () => {
        line.mend();
        retries++;
        return true;
      },
      onSuccess: () => resolve(),
      onError: reject,
    });
    upload.start();
  });
  expect(retries).toBeGreaterThanOrEqual(2);
  expect(offsets.at(-1)).toBe(clip.length);
  await expect
    .poll(async () => (await user.status(video)).state, { timeout: 60_000, interval: 200 })
    .toBe('available');
});
