import type { Browser } from 'playwright-core';
import { chromiumPath, launchChromium } from '../bench/chromium.js';

/** Whether suites that need a browser run: said loudly where they do not, and a failure where all must. */
export const browserSuites = chromiumPath !== undefined || process.env.CI !== undefined;
if (!browserSuites)
  console.warn('SKIPPED: there is no Chromium to look at pages in (apt-get install chromium)');

export function launchBrowser(...args: readonly string[]): Promise<Browser> {
  if (chromiumPath === undefined)
    throw new Error('there is no Chromium to look at pages in: apt-get install chromium');
  return launchChromium(chromiumPath, ...args);
}
