import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** The Chromium of this machine; undefined without. */
export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

export async function launchChromium(executablePath: string, ...args: readonly string[]): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-gpu', ...args],
  });
}
