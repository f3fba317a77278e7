import { execFileSync } from 'node:child_process';

/** These suites run what a user runs, so it is built first. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
