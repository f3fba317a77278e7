import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { temporaryFolder, Up } from './tidemark.js';
import { Studio, Uploader } from './videos.js';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const dash = resolve('node_modules/dashjs/dist/modern/umd/dash.all.min.js');
const page = (manifest: string): string => `<!doctype html><video id="v" muted width="320"></video>
<script src="/dash.js"></script>
<script>dashjs.MediaPlayer().create().initialize(document.getElementById('v'), '${manifest}', true);</script>`;

// No browser, no play: said loudly here, and a failure where all suites must run.
if (!browser && !process.env.CI)
  console.warn('SKIPPED: there is no Chromium to play a video in (apt-get install chromium)');

test.skipIf(!browser && !process.env.CI)(
  'a video plays in Chromium with dash.js, through the gateway',
  async () => {
    if (!browser) throw new Error('there is no Chromium to play a video in: apt-get install chromium');
    using folder = temporaryFolder();
    using studio = await Studio.open();
    await using up = await Up.start('--data', join(folder.path, 'data'), '--scrape-interval', '1s');
    const user = new Uploader(up.url);
    await user.register();
    const id = await user.create('Tides');
    await user.upload(id, studio.clip({ seconds: 6, size: '640x360', audio: true }));
    await expect.poll(async () => (await user.status(id)).state, { timeout: 60_000 }).toBe('available');
    const launched = await chromium.launch({
      executablePath: browser,
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-gpu',
        '--autoplay-policy=no-user-gesture-required',
      ],
    });
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
  },
);
