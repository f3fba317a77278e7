// Takes the pictures of the README from a platform that runs: node scripts/screenshots.mjs [folder], after a build.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const folder = process.argv[2] ?? 'docs/images';
const main = resolve('dist/cli/main.js');
const data = mkdtempSync(join(tmpdir(), 'tidemark-screenshots-'));
const rules = `version: 1
defaults: { window: 5s, by: [service, method, route] }
slas:
  - alert: LatencyAboveBaseline
    match: '{service="gateway"}'
    when: mean_latency > 1.5 * baseline
    baseline: { windows: 10, min_windows: 3 }
    context: [request_rate]
    annotations: { summary: '{{ $labels.route }} takes {{ $value }}' }
  - alert: Busy
    match: '{service=~"gateway|vms"}'
    when: request_rate > 8/s
    severity: critical
    context: [mean_latency]
    annotations: { summary: 'more than it is made for: {{ $value }}', runbook_url: 'https://example.org/busy' }
`;
writeFileSync(join(data, 'sla.yaml'), rules);

const tidemark = (...args) =>
  spawn(process.execPath, [main, ...args], { cwd: data, stdio: ['ignore', 'ignore', 'pipe'] });
const up = tidemark(
  'up',
  '--port',
  '0',
  '--data',
  join(data, 'data'),
  '--sla',
  'sla.yaml',
  '--scrape-interval',
  '1s',
);
const url = await new Promise((resolve, reject) => {
  let said = '';
  up.stderr.on('data', (chunk) => {
    said += chunk;
    const found = /listening on (http:[^"\s]+)/.exec(said)?.[1];
    if (found) resolve(found);
  });
  up.once('exit', () => reject(new Error(said)));
});
const slow = tidemark(
  'load',
  '--url',
  url,
  '--register',
  '3',
  '--list',
  '120',
  '--get',
  '120',
  '--rate',
  '10',
);
await new Promise((resolve) => slow.once('exit', resolve));
const fast = tidemark(
  'load',
  '--url',
  url,
  '--register',
  '3',
  '--list',
  '400',
  '--get',
  '400',
  '--rate',
  '60',
);

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 640 } });
  mkdirSync(folder, { recursive: true });
  const shot = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  await page.goto(url);
  await page.locator('tr.firing').nth(3).waitFor({ timeout: 60_000 });
  // Until the lines of the rows have gone on to the windows that fired.
  await page.waitForTimeout(7_000);
  await shot('board');
  await page.locator('tr.firing').first().click();
  await page.locator('#why ol b').first().waitFor();
  await shot('why');
  await page.getByRole('button', { name: 'Its windows' }).click();
  await page.locator('#charts canvas').nth(1).waitFor();
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 1280, height: 760 });
  await page.waitForTimeout(500);
  await shot('windows');
} finally {
  await browser.close();
  fast.kill();
  up.kill('SIGTERM');
  await new Promise((resolve) => up.once('exit', resolve));
  rmSync(data, { recursive: true, force: true });
}
