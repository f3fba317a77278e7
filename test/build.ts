import { execFileSync } from 'node:child_process';

/** End-to-end suites run what a user runs, so they build it first. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
