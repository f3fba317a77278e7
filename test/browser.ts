import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Whether suites that need a browser run: said loudly where they do not, and a failure where all must. */
export const browserSuites = path !== undefined || process.env.CI !== undefined;
if (!browserSuites)
  console.warn('SKIPPED: there is no Chromium to look at pages in (apt-get install chromium)');

export function launchBrowser(...args: readonly string[]): Promise<Browser> {
  if (path === undefined)
    throw new Error('there is no Chromium to look at pages in: apt-get install chromium');
  return chromium.launch({
    executablePath: path,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-gpu', ...args],
  });
}
