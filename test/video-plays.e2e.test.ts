import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { browserSuites, launchBrowser } from './browser.js';
import { temporaryFolder, Up } from './tidemark.js';
import { Studio, Uploader } from './videos.js';

const dash = resolve('node_modules/dashjs/dist/modern/umd/dash.all.min.js');
const page = (manifest: string): string => `<!doctype html><video id="v" muted width="320"></video>
<script src="/dash.js"></script>
<script>dashjs.MediaPlayer().create().initialize(document.getElementById('v'), '${manifest}', true);</script>`;

test.skipIf(!browserSuites)('a video plays in Chromium with dash.js, through the gateway', async () => {
  using folder = temporaryFolder();
  using studio = await Studio.open();
  await using up = await Up.start('--data', join(folder.path, 'data'), '--scrape-interval', '1s');
  const user = new Uploader(up.url);
  await user.register();
  const id = await user.create('Tides');
  await user.upload(id, studio.clip({ seconds: 6, size: '640x360', audio: true }));
  await expect.poll(async () => (await user.status(id)).state, { timeout: 60_000 }).toBe('available');
  const launched = await launchBrowser('--autoplay-policy=no-user-gesture-required');
  try {
    const tab = await launched.newPage();
    const problems: string[] = [];
    tab.on('pageerror', (error) => problems.push(error.message));
    await tab.route('**/player.html', (route) =>
      route.fulfill({ contentType: 'text/html', body: page(`/vms/videos/${id}`) }),
    );
    await tab.route('**/dash.js', (route) => route.fulfill({ path: dash }));
    await tab.goto(`${up.url}/player.html`);
    const time = (): Promise<number> =>
      tab.evaluate('document.getElementById("v").currentTime') as Promise<number>;
    await expect.poll(time, { timeout: 30_000, interval: 100 }).toBeGreaterThan(0);
    const began = await time();
    await expect.poll(time, { timeout: 30_000, interval: 100 }).toBeGreaterThan(began + 2);
    expect(await tab.evaluate('document.getElementById("v").videoHeight')).toBeGreaterThan(100);
    expect(problems).toEqual([]);
  } finally {
    await launched.close();
  }
});
