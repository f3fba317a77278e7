import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether containers can be started here. */
    docker: boolean;
  }
}

/** Looks once whether Docker answers: what needs it is left out where it does not, but never in CI. */
export default function setup(project: TestProject): void {
  const docker = answers();
  if (!docker) {
    const told = 'Docker does not answer: the suites over Kafka, Redis, registry and Prometheus are left out';
    if (process.env.CI) throw new Error(told);
    console.warn(`\nSKIPPED: ${told}.\n`);
  }
  // Its image is one more to pull; every suite stops what it started.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
  project.provide('docker', docker);
}

function answers(): boolean {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], {
      stdio: 'ignore',
      timeout: 20_000,
    });
    return true;
  } catch {
    return false;
  }
}
