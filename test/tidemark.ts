import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = 'dist/cli/main.js';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the product to its end. */
export function tidemark(...args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** A folder that is gone after the test. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-e2e-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** kill -9, or a clean end with SIGTERM; resolves to the exit code. */
export async function endProcess(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = await exited;
  return code as number | null;
}

/** A running `tidemark up`. */
export class Up implements AsyncDisposable {
  stderr = '';

  private constructor(
    readonly child: ChildProcess,
    public url: string,
  ) {}

  /** Starts it; it may not listen yet. */
  static spawn(...args: readonly string[]): Up {
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    const up = new Up(
      spawn(process.execPath, [bin, 'up', '--port', '0', ...args], { stdio: [...stdio] }),
      '',
    );
    up.child.stderr?.on('data', (chunk) => {
      up.stderr += chunk;
    });
    return up;
  }

  /** Resolves when it listens. */
  static start(...args: readonly string[]): Promise<Up> {
    const up = Up.spawn(...args);
    return new Promise((resolve, reject) => {
      up.child.stderr?.on('data', () => {
        const url = /listening on (http:[^"\s]+)/.exec(up.stderr)?.[1];
        if (url === undefined || up.url !== '') return;
        up.url = url;
        resolve(up);
      });
      up.child.once('exit', (code) => reject(new Error(`tidemark up ended with ${code}: ${up.stderr}`)));
    });
  }

  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    return endProcess(this.child, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}
