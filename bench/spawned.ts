import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A `tidemark` command as a process, as a user starts it. */
export class Spawned implements AsyncDisposable {
  readonly child: ChildProcess;
  /** Where it listens, once it does. */
  url = '';
  #output = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, ['dist/cli/main.js', ...args], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Resolves to where it listens; rejects with what it said if it ends before. */
  listening(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.child.stderr?.on('data', (chunk) => {
        this.#output += chunk;
        const url = /listening on (http:[^"\s]+)/.exec(this.#output)?.[1];
        if (url === undefined) return;
        this.url = url;
        resolve(url);
      });
      this.child.once('exit', () => reject(new Error(`it ended: ${this.#output}`)));
    });
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end('SIGTERM');
  }
}

/** The text of a 200; anything else is an error. */
export async function answer(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}: ${text}`);
  return text;
}
