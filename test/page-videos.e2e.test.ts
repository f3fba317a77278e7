import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AxeResults } from 'axe-core';
import { Hono } from 'hono';
import type { Browser, Page } from 'playwright-core';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPage } from '../cli/page.js';
import { createGateway } from '../gateway/gateway.js';
import { pageApp } from '../pipeline/view/page-files.js';
import { type Listening, serve } from '../platform/http/serve.js';
import { browserSuites, launchBrowser } from './browser.js';
import { temporaryFolder, Up } from './tidemark.js';
import { Studio } from './videos.js';

const axe = readFileSync(resolve('node_modules/axe-core/axe.min.js'), 'utf8');
const SLOW = { timeout: 60_000, interval: 100 };

describe.skipIf(!browserSuites)('the videos on the page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser('--autoplay-policy=no-user-gesture-required');
  });
  afterAll(() => browser?.close());

  async function open(url: string): Promise<{ page: Page; problems: string[]; asked: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const [problems, asked]: string[][] = [[], []];
    page.on('pageerror', ({ message }) => problems?.push(message));
    page.on('console', (said) => said.type() === 'error' && problems?.push(said.text()));
    page.on('request', (request) => asked?.push(request.url()));
    await page.goto(url);
    return { page, problems: problems ?? [], asked: asked ?? [] };
  }

  /** Fills in and sends the form. */
  async function upload(page: Page, title: string, file: { name: string; buffer: Buffer }): Promise<void> {
    await page.locator('#upload summary').click();
    await page.getByLabel('file (mp4)').setInputFiles({ ...file, mimeType: 'video/mp4' });
    await page.getByLabel('title').fill(title);
    await page.getByLabel('by', { exact: true }).fill('Zoë');
    await page.getByLabel('e-mail').fill('zoe@example.org');
    await page.getByLabel('password').fill('naïve secret');
    await page.getByLabel('I am new').check();
    await page.locator('#upload-send').click();
  }

  async function barriers(page: Page): Promise<string[]> {
    // Put in by the browser, past the page's own policy.
    await page.evaluate(axe);
    const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' '))}`);
  }

  /** Width of the picture that stands for the video until it plays, as the page's policy lets it be loaded. */
  const posterWidth = (page: Page): Promise<number> =>
    page.evaluate(`(async () => {
      const poster = new Image();
      poster.src = document.querySelector('video').poster;
      await poster.decode();
      return poster.naturalWidth;
    })()`) as Promise<number>;

  const timeOf = (page: Page): Promise<number> =>
    page.evaluate('document.querySelector("video").currentTime') as Promise<number>;

  test('a video that is uploaded there is listed, encoded, and plays; one that is none says why', async () => {
    using folder = temporaryFolder();
    using studio = await Studio.open();
    await using up = await Up.start('--data', join(folder.path, 'data'), '--scrape-interval', '1s');
    const { page, problems, asked } = await open(up.url);
    await page.getByRole('button', { name: 'Videos' }).click();
    await page.getByText('There is no video yet.').waitFor();
    expect(await page.locator('#no-video pre').innerText()).toContain(`URL=${up.url}`);
    expect(await barriers(page)).toEqual([]);

    await upload(page, '<b>Tides</b>', {
      name: 'tides.mp4',
      buffer: studio.clip({ seconds: 6, size: '640x360', audio: true }),
    });
    const play = page.getByRole('button', { name: 'Play <b>Tides</b>' });
    await play.waitFor({ timeout: 60_000 });
    await expect.poll(() => page.locator('tr.available').innerText(), SLOW).toMatch(/published\s+6s/);
    expect(asked.filter((url) => url.includes('dash.js'))).toEqual([]);
    await play.click();
    await expect.poll(() => timeOf(page), SLOW).toBeGreaterThan(0);
    expect(await posterWidth(page)).toBe(640);
    const began = await timeOf(page);
    await expect.poll(() => timeOf(page), SLOW).toBeGreaterThan(began + 2);
    expect(await page.evaluate('document.querySelector("video").videoHeight')).toBeGreaterThan(100);
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    expect(await page.locator('#player').isVisible()).toBe(false);
    expect(problems).toEqual([]);
  });

  /** A page whose videos are at the gateway of another origin, which allows the page's or another one. */
  async function apart(published: string, allows: 'its origin' | 'another one') {
    const video = { id: 'v', name: 'Tides', author: 'Ada', createdAt: '2023-11-14T22:13:20.000Z' };
    const vms = new Hono()
      .get('/videos', (c) => c.json([{ ...video, state: 'available', progress: 1, reason: null }]))
      .get('/videos/v', (c) => c.redirect('/videofiles/v/video.mpd', 301));
    const listen = ({ fetch }: { readonly fetch: unknown }): Promise<Listening> =>
      serve({ fetch: fetch as never, host: '127.0.0.1', port: 0 });
    const behind = await listen(vms);
    // Each side names the other: the page is put in once it is known where the gateway is.
    const outer = new Hono();
    let inner = new Hono();
    outer.all('*', (c) => inner.fetch(c.req.raw));
    const view = await listen(outer);
    const gateway = createGateway({
      ...{ vms: behind.url, videoFiles: published, registry: new Registry(), newId: () => 'id' },
      monotonic: () => performance.now(),
      viewOrigin: allows === 'its origin' ? view.url : 'http://another.example',
    });
    const front = await listen(gateway);
    inner = pageApp(readPage(resolve('dist')), front.url);
    const dispose = async (): Promise<void> => {
      for (const one of [view, front, behind]) await one.close(0);
      await gateway.close();
    };
    return { url: view.url, gateway: front.url, [Symbol.asyncDispose]: dispose };
  }

  test('plays from a gateway of another origin that allows the page', async () => {
    using folder = temporaryFolder();
    using studio = await Studio.open();
    writeFileSync(join(folder.path, 'clip.mp4'), studio.clip({ seconds: 6, size: '640x360', audio: false }));
    mkdirSync(join(folder.path, 'v'));
    execFileSync(studio.tools.ffmpeg, [
      ...['-v', 'error', '-nostdin', '-i', join(folder.path, 'clip.mp4'), '-c', 'copy', '-f', 'dash'],
      join(folder.path, 'v', 'video.mpd'),
      ...['-frames:v', '1', '-update', '1', join(folder.path, 'v', 'poster.jpg')],
    ]);
    await using site = await apart(folder.path, 'its origin');
    const { page } = await open(`${site.url}/?tab=videos`);
    await page.getByRole('button', { name: 'Play Tides' }).click();
    await expect.poll(() => timeOf(page), SLOW).toBeGreaterThan(1);
    await expect.poll(() => page.locator('tr.available').innerText(), SLOW).toContain('6s');
    expect(await posterWidth(page)).toBe(640);
  });

  test('says what to do where the gateway does not allow the page', async () => {
    using folder = temporaryFolder();
    await using site = await apart(folder.path, 'another one');
    const { page } = await open(`${site.url}/?tab=videos`);
    await expect
      .poll(() => page.locator('#videos-note').innerText(), SLOW)
      .toBe(
        `${site.gateway} does not answer this page: does the gateway run, with --view-origin ${site.url}?`,
      );
  });

  test('is not there where there is no gateway', async () => {
    using folder = temporaryFolder();
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, 'version: 1\nslas:\n  - { alert: Slow, when: mean_latency > 1s }\n');
    await using up = await Up.start('--no-platform', '--data', join(folder.path, 'data'), '--sla', sla);
    const { page } = await open(up.url);
    await page.getByText('No alert is pending or firing.').waitFor();
    expect(await page.getByRole('button', { name: 'Videos' }).isVisible()).toBe(false);
    const policy = (await fetch(up.url)).headers.get('content-security-policy');
    expect(policy).toContain("img-src 'self'; connect-src 'self';");
    expect(policy).not.toContain('media-src');
  });
});
