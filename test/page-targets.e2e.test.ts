import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { browserSuites, launchBrowser } from './browser.js';
import { CountingService } from './counting-service.js';
import { temporaryFolder, Up } from './tidemark.js';

const SLOW = { timeout: 30_000, interval: 100 };

test.skipIf(!browserSuites)(
  'the strip says how many targets are up, and which is not since when',
  async () => {
    using folder = temporaryFolder();
    const service = new CountingService();
    await service.start();
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, 'version: 1\nslas:\n  - { alert: Slow, when: mean_latency > 1s }\n');
    await using up = await Up.start(
      ...['--no-platform', '--data', join(folder.path, 'data'), '--sla', sla, '--scrape-interval', '500ms'],
      ...['--target', `app=http://127.0.0.1:${service.port}/metrics`],
      ...['--target', 'gone=http://127.0.0.1:1/metrics'],
    );
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(up.url);
      const strip = (): Promise<string> => page.locator('#health').innerText();
      await expect.poll(strip, SLOW).toContain('targets 1/2 up');
      expect(await strip()).toContain('gone down since its spout began');
      await service[Symbol.asyncDispose]();
      await expect.poll(strip, SLOW).toMatch(/targets 0\/2 up\s+app down for \d+s/);
      const title = await page.locator('#health .item', { hasText: 'app' }).getAttribute('title');
      expect(title).toMatch(/^127\.0\.0\.1:\d+, of spout: ./);
    } finally {
      await browser.close();
    }
  },
);
