import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether containers can be started here. */
    docker: boolean;
    /** Whether Compose (v2) can be run with them. */
    compose: boolean;
  }
}

/** Looks once what can be used here: what needs it is left out where it does not answer, but never in CI. */
export default function setup(project: TestProject): void {
  const docker = answers('version', '--format', '{{.Server.Version}}');
  const compose = docker && answers('compose', 'version');
  if (!docker)
    leaveOut('Docker does not answer: the suites over Kafka, Redis, registry and Prometheus are left out');
  else if (!compose)
    leaveOut('`docker compose` does not answer: the suite of the composed platform is left out');
  // Its image is one more to pull; every suite stops what it started.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
  project.provide('docker', docker);
  project.provide('compose', compose);
}

function leaveOut(told: string): void {
  if (process.env.CI) throw new Error(told);
  console.warn(`\nSKIPPED: ${told}.\n`);
}

function answers(...args: readonly string[]): boolean {
  try {
    execFileSync('docker', args, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
