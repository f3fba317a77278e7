import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPage } from '../cli/page.js';
import { pause } from '../cli/pause.js';
import { topicSpecs } from '../cli/topics.js';
import { alertOf } from '../pipeline/follow/alert.fixture.js';
import { createView } from '../pipeline/view/view.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { serve } from '../platform/http/serve.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { lmdbStore } from '../platform/store/lmdb/store.js';
import type { AlertRecord } from '../schemas/types.js';
import { browserSuites, launchBrowser } from './browser.js';
import { CountingService } from './counting-service.js';
import { CutLine } from './cut-line.js';
import { temporaryFolder, Up } from './tidemark.js';

const codec = embeddedCodec();
const axe = readFileSync(resolve('node_modules/axe-core/axe.min.js'), 'utf8');
const SLOW = { timeout: 30_000, interval: 50 };

const RULES = `version: 1
slas:
  - alert: Busy
    match: '{service="app"}'
    by: [service, route]
    window: 1s
    when: request_rate > 1/s
    annotations: { summary: 'too many at {{ $labels.route }}' }
`;

/** A view over a log of its own, at the end of a line that can be cut. */
async function viewAlone() {
  const folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const log = lmdbLog(environment);
  await log.createTopics(topicSpecs(86_400_000));
  const view = createView({
    access: { kind: 'loopback' },
    ...{ log, codec, pause, page: readPage(resolve('dist')), store: lmdbStore(environment) },
    ...{ retention: 86_400_000, clock: Date.now, monotonic: () => performance.now() },
    warn: (text) => console.warn(text),
    onFatal: (error) => expect.unreachable(String(error)),
  });
  await view.start();
  const listening = await serve({ fetch: view.app.fetch as never, host: '127.0.0.1', port: 0 });
  const line = await CutLine.to(listening.port);
  const append = (...alerts: readonly AlertRecord[]): Promise<number> =>
    log.append({
      topic: 'alerts',
      partition: 0,
      records: alerts.map((one) => ({ key: null, value: codec.encode('AlertRecord', one) })),
    });
  const silence = async (match: string): Promise<void> => {
    const body = JSON.stringify({ match, by: 'ada', why: 'deploying', until: '1h' });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${line.url}/api/v1/silences`, { method: 'POST', headers, body });
    expect(answer.status).toBe(201);
  };
  const dispose = async (): Promise<void> => {
    await line[Symbol.asyncDispose]();
    await view.close();
    await listening.close(0);
    await log.close();
    await environment.close();
    folder[Symbol.dispose]();
  };
  return { append, silence, line, [Symbol.asyncDispose]: dispose };
}

/** What keeps people who use it by keyboard or ear from using the page, of the worse kinds. */
async function barriers(page: Page): Promise<readonly string[]> {
  // Put in by the browser, past the page's own policy.
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' '))}`);
}

const firing = (route: string, more: Partial<AlertRecord> = {}): AlertRecord => ({
  ...alertOf(route, 'firing', Date.now() - 1_000),
  ...more,
});

describe.skipIf(!browserSuites)('the page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  /** A page, and what it complained of. */
  async function open(url: string): Promise<{ page: Page; problems: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const problems: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('console', (said) => said.type() === 'error' && problems.push(said.text()));
    await page.goto(url);
    return { page, problems };
  }
  const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();
  const count = (page: Page, selector: string): Promise<number> => page.locator(selector).count();

  test('an alert fires, says why, and resolves, without a reload, from a platform that runs', async () => {
    using folder = temporaryFolder();
    await using service = new CountingService();
    await service.start();
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, RULES);
    await using up = await Up.start(
      ...['--no-platform', '--data', join(folder.path, 'data'), '--sla', sla, '--scrape-interval', '500ms'],
      ...['--target', `app=http://127.0.0.1:${service.port}/metrics`],
    );
    const { page, problems } = await open(up.url);
    await page.getByText('No alert is pending or firing.').waitFor();
    service.count('/checkout');
    await page.locator('tr.firing').waitFor();
    await expect.poll(() => page.title()).toBe('(1) Tidemark');

    await page.locator('tr.firing').click();
    const [record] = (await (await fetch(`${up.url}/api/v1/alerts`)).json()) as AlertRecord[];
    const why = page.locator('#why');
    await expect.poll(() => why.innerText(), SLOW).toContain('alert: Busy');
    const said = await why.innerText();
    expect(said).toContain(`${Number(record?.value?.toPrecision(3))}/s > 1/s`);
    expect(said).toContain('too many at /checkout');
    expect(said).toContain(record?.id);
    expect(said).toMatch(/Rule, .*sla\.yaml:3/);

    await page.getByRole('button', { name: 'Its windows' }).click();
    await expect.poll(() => count(page, '#charts canvas'), SLOW).toBe(2);
    await page.getByRole('button', { name: 'Board' }).click();
    service.rest();
    await page.locator('tr.resolved').waitFor();
    expect(await count(page, 'tr.firing')).toBe(0);
    await page.getByRole('button', { name: 'History' }).click();
    await expect
      .poll(() => texts(page, '#transitions button > b:first-of-type'), SLOW)
      .toEqual(['resolved', 'firing']);
    await page.getByRole('button', { name: 'Rules' }).click();
    await expect.poll(() => texts(page, '#rules tbody tr'), SLOW).toEqual([expect.stringContaining('Busy')]);
    expect(problems).toEqual([]);
  });

  test('a line that is cut is told of, and what came meanwhile is there when it is back', async () => {
    await using view = await viewAlone();
    await view.append(firing('/before'));
    const { page } = await open(view.line.url);
    await page.locator('tr.firing').waitFor();
    view.line.cut();
    await page.getByText('The connection has been cut').waitFor();
    await view.append(firing('/during'), alertOf('/before', 'resolved', Date.now()));
    view.line.mend();
    await expect.poll(() => texts(page, 'tr.firing .what span'), SLOW).toEqual(['/during']);
    await expect.poll(() => texts(page, 'tr.resolved .what span'), SLOW).toEqual(['/before']);
    await expect.poll(() => page.locator('#health').innerText(), SLOW).toContain('stream live');
  });

  test('a filter is kept in the link, over a reload and in history', async () => {
    await using view = await viewAlone();
    await view.append(
      firing('/videos'),
      firing('/users', { severity: 'critical' }),
      alertOf('/x', 'pending'),
    );
    const { page } = await open(view.line.url);
    await expect.poll(() => count(page, '#alert-rows tr')).toBe(3);
    await page.keyboard.press('/');
    await page.keyboard.type('route=/ -users');
    await page.locator('#count-firing').click();
    await expect.poll(() => texts(page, '#alert-rows .what span')).toEqual(['/videos']);
    await page.reload();
    await expect.poll(() => texts(page, '#alert-rows .what span')).toEqual(['/videos']);
    expect(await page.locator('#filter').inputValue()).toBe('route=/ -users');
    await page.locator('#count-firing').click();
    await expect.poll(() => count(page, '#alert-rows tr')).toBe(2);
    await page.goBack();
    await expect.poll(() => count(page, '#alert-rows tr')).toBe(1);
  });

  test('an alert is silenced from its panel: marked, never gone, until the silence is ended', async () => {
    await using view = await viewAlone();
    await view.append(firing('/a'), firing('/b'));
    const { page, problems } = await open(view.line.url);
    const { page: others } = await open(view.line.url);
    const row = page.locator('tr', { hasText: '/a' });
    await row.click();
    await page.getByRole('button', { name: 'Silence…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Silence alerts' });
    expect(await dialog.getByLabel('Alerts').inputValue()).toBe('{alertname="Slow",route="/a"}');
    // The first that is empty has the focus.
    await page.keyboard.type('ada');
    await page.keyboard.press('Tab');
    await page.keyboard.type('deploying <b>1.4</b>');
    await dialog.getByLabel('Alerts').fill('{route=~"(/a)+"}');
    await page.keyboard.press('Enter');
    await expect.poll(() => dialog.getByRole('alert').innerText(), SLOW).toContain('repeats a group');
    await dialog.getByLabel('Alerts').fill('{route="/a"}');
    await dialog.getByLabel('How long').selectOption('for 4 hours');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.locator('mark').waitFor();
    expect(await row.locator('mark').getAttribute('title')).toMatch(/^ada, until .*: deploying <b>1.4<\/b>$/);
    expect(await dialog.count()).toBe(0);
    expect(await page.locator('#count-firing').innerText()).toBe('2 firing (1 silenced)');
    expect(await page.locator('#marks').innerText()).toContain('silenced by ada, until');
    await others.locator('tr.silenced', { hasText: '/a' }).waitFor();
    expect(await count(page, 'tr.firing')).toBe(2);

    await page.getByLabel('hide silenced').check();
    await expect.poll(() => texts(page, 'tr.firing .what span')).toEqual(['/b']);
    await page.reload();
    await expect.poll(() => texts(page, 'tr.firing .what span'), SLOW).toEqual(['/b']);
    await page.getByLabel('hide silenced').uncheck();
    await row.locator('mark').waitFor();
    await page.getByRole('button', { name: 'Silences', exact: true }).click();
    const listed = page.locator('#silence-table tbody tr');
    await expect.poll(() => listed.innerText()).toMatch(/^active\s.*\sada\s.*\s1\s/);
    await listed.getByRole('button', { name: 'End now' }).click();
    await expect.poll(() => listed.innerText(), SLOW).toMatch(/^expired\s/);
    await page.getByRole('button', { name: 'Board' }).click();
    await expect.poll(() => count(page, 'mark'), SLOW).toBe(0);
    await expect.poll(() => count(others, 'mark'), SLOW).toBe(0);
    await page.getByRole('button', { name: 'Silence…' }).click();
    expect(await dialog.getByLabel('Who').inputValue()).toBe('ada');
    await page.keyboard.press('Escape');
    expect([await dialog.count(), await page.locator('#why').isVisible()]).toEqual([0, true]);
    // The rule of such alerts is not known, and the first try was refused.
    expect(problems.filter((text) => !/40[04]/.test(text))).toEqual([]);
  });

  test('an alert is acknowledged until it resolves', async () => {
    await using view = await viewAlone();
    const one = firing('/a');
    await view.append(one);
    const { page, problems } = await open(view.line.url);
    await page.locator('tr.firing').click();
    await page.getByRole('button', { name: 'Acknowledge…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Acknowledge Slow /a' });
    await dialog.getByLabel('Who').fill('bo');
    await dialog.getByLabel('Why').fill('on it');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => texts(page, 'tr.firing mark'), SLOW).toEqual(['acknowledged']);
    const panel = page.locator('#marks');
    expect(await panel.innerText()).toContain('acknowledged by bo: on it');
    await page.getByRole('button', { name: 'Take back' }).click();
    await expect.poll(() => count(page, 'mark'), SLOW).toBe(0);
    await page.getByRole('button', { name: 'Acknowledge…' }).click();
    await dialog.getByLabel('Why').fill('on it again');
    await dialog.getByLabel('How long').selectOption('until …');
    await page.getByLabel('until', { exact: true }).fill('2099-01-01T00:00');
    await page.keyboard.press('Enter');
    await expect.poll(() => dialog.getByRole('alert').innerText(), SLOW).toContain('1y from now at most');
    await dialog.getByLabel('How long').selectOption('until it resolves');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => panel.innerText(), SLOW).toContain('acknowledged by bo: on it again');
    await view.append({ ...one, id: 'resolved', state: 'resolved', windowEnd: one.windowEnd + 1 });
    await page.locator('tr.resolved').waitFor();
    expect(await count(page, 'mark')).toBe(0);
    // What is explained of the past stays where it is, whatever comes.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'History' }).click();
    await page.locator('#transitions button', { hasText: 'resolved' }).click();
    await page.locator('#why h2').waitFor();
    await view.silence('{route="/a"}');
    await expect.poll(() => texts(page, '#why mark'), SLOW).toEqual(['silenced']);
    expect(problems.filter((text) => !/40[04]/.test(text))).toEqual([]);
  });

  test('what is worse of the same marks the lesser alert, dimmed and never gone, and is one step away', async () => {
    await using view = await viewAlone();
    const of = (severity: string, more: Partial<AlertRecord> = {}): AlertRecord =>
      firing('/a', {
        ...{ id: `${severity} 1`, fingerprint: severity, severity, measure: 'burn_rate' },
        ...{ labels: { alertname: 'Burn', route: '/a', severity }, value: 16.7, threshold: 14.4 },
        conditions: [
          { measure: 'burn_rate', operator: '>', window: 3_600_000, value: 16.7, threshold: 14.4 },
          { measure: 'burn_rate', operator: '>', window: 300_000, value: 50, threshold: 14.4 },
        ],
        ...more,
      });
    const critical = of('critical');
    await view.append(of('warning'), critical);
    const { page, problems } = await open(view.line.url);
    const row = page.locator('tr.inhibited');
    await row.waitFor();
    expect([await texts(page, 'tr.inhibited .state i'), await texts(page, 'tr.inhibited mark')]).toEqual([
      ['warning'],
      ['inhibited'],
    ]);
    await page.getByLabel('hide silenced').check();
    await row.click();
    const panel = page.locator('#why');
    await expect.poll(() => panel.innerText()).toContain('16.7x > 14.4x over 1h, 50x over 5m');
    expect(await page.locator('#marks').innerText()).toContain('inhibited by the critical alert of the same');
    await page.getByRole('link', { name: 'critical alert of the same' }).click();
    await expect.poll(() => page.locator('#why .state').innerText()).toContain('critical');
    expect(new URL(page.url()).searchParams.get('alert')).toBe('critical');
    await view.append({ ...critical, id: 'over', state: 'resolved', windowEnd: critical.windowEnd + 1 });
    await page.locator('tr.resolved').waitFor();
    await expect.poll(() => count(page, 'tr mark')).toBe(0);
    expect(problems.filter((text) => !/40[04]/.test(text))).toEqual([]);
  });

  test('tells how the APIs of the watched services are used', async () => {
    using folder = temporaryFolder();
    await using up = await Up.start('--data', folder.path, '--scrape-interval', '1s');
    for (let i = 0; i < 7; i++) await fetch(`${up.url}/vms/videos`);
    await fetch(`${up.url}/vms/none`);
    const { page, problems } = await open(`${up.url}/?tab=apis`);
    const row = (service: string, route: string): Promise<readonly string[]> =>
      page
        .locator('#api-table tbody tr')
        .filter({ hasText: new RegExp(`${service}\\s*GET\\s*${route}`) })
        .locator('td')
        .allInnerTexts();
    await expect.poll(() => row('gateway', '/vms/videos'), SLOW).toContain('7');
    expect((await row('gateway', '/vms/videos')).slice(3, 7)).toEqual(['7', expect.anything(), '0', '0']);
    expect((await row('gateway', 'unmatched')).slice(3, 7)).toEqual(['1', expect.anything(), '1', '0']);
    expect(await barriers(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  test('can be used by keys alone', async () => {
    await using view = await viewAlone();
    await view.append(firing('/a'), firing('/b', { startsAt: 1 }));
    const { page } = await open(view.line.url);
    await expect.poll(() => count(page, '#alert-rows tr')).toBe(2);
    // Both before anything is drawn.
    await page.evaluate(
      `for (const key of ['j', 'j']) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))`,
    );
    await expect.poll(() => page.locator('#why .state').innerText()).toContain('/b');
    await page.keyboard.press('k');
    await expect.poll(() => page.locator('#why .state').innerText()).toContain('/a');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('#why').isVisible()).toBe(false);
    await page.keyboard.press('4');
    await expect.poll(() => page.locator('#rules').isVisible()).toBe(true);
  });

  test('shows what comes from outside as text', async () => {
    await using view = await viewAlone();
    const nasty = '<script>document.title="owned"</script><img src=x onerror=alert(1)>';
    await view.append(
      firing(nasty, { annotations: { summary: nasty, runbook_url: 'javascript:alert(1)' }, alert: nasty }),
    );
    const { page, problems } = await open(view.line.url);
    await page.locator('tr.firing').click();
    await expect.poll(() => page.locator('#why').innerText()).toContain(nasty);
    expect(await page.locator('tr.firing').innerText()).toContain(nasty);
    expect([await count(page, 'img'), await count(page, '#why a'), await page.title()]).toEqual([
      ...[0, 0, '(1) Tidemark'],
    ]);
    expect(problems.filter((text) => !text.includes('404'))).toEqual([]);
  });

  test('five thousand alerts scroll with a hundred rows in the document', async () => {
    await using view = await viewAlone();
    const many = Array.from({ length: 5_000 }, (_, i) => firing(`/r${i}`, { startsAt: i }));
    for (let at = 0; at < many.length; at += 500) await view.append(...many.slice(at, at + 500));
    const { page, problems } = await open(view.line.url);
    await expect.poll(() => page.locator('#count-firing b').innerText(), SLOW).toBe('5000');
    const frame = page.locator('#alerts');
    const seen = new Set<string>();
    for (let i = 0; i <= 40; i++) {
      await frame.evaluate((element, part) => {
        element.scrollTop = (element.scrollHeight * part) / 40;
      }, i);
      await page.evaluate('new Promise(requestAnimationFrame)');
      expect(await count(page, '#alert-rows tr')).toBeLessThanOrEqual(100);
      for (const text of await texts(page, '#alert-rows .what span')) seen.add(text);
    }
    expect(seen.has('/r4999') && seen.has('/r0')).toBe(true);
    expect(seen.size).toBeGreaterThan(500);
    expect(problems).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('has no serious barrier (%s)', async (colorScheme) => {
    await using view = await viewAlone();
    await view.append(firing('/a'), alertOf('/b', 'pending'), alertOf('/c', 'resolved', Date.now()));
    const { page } = await open(view.line.url);
    await page.emulateMedia({ colorScheme });
    await view.silence('{route="/a"}');
    await page.locator('tr.silenced').click();
    await page.locator('#marks mark').waitFor();
    for (const tab of ['Board', 'History', 'Windows', 'Rules', 'Silences', 'Silence…']) {
      await page.getByRole('button', { name: tab, exact: true }).last().click();
      expect(await barriers(page)).toEqual([]);
    }
  });

  test('is readable on a phone', async () => {
    await using view = await viewAlone();
    await view.append(firing('/a'));
    const { page } = await open(view.line.url);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.locator('tr.firing .value').waitFor();
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(390);
    await page.locator('tr.firing').click();
    await page.locator('#why h2').waitFor();
  });
});
