import { type ChildProcess, spawn } from 'node:child_process';
import { endProcess } from './tidemark.js';

/** A component of the cluster, as a process of its own. */
export class Component implements AsyncDisposable {
  output = '';
  url = '';
  /** Where /metrics, /healthz and /readyz are. */
  admin = '';

  private constructor(
    readonly name: string,
    readonly child: ChildProcess,
  ) {}

  /** Starts `tidemark NAME` with these variables; resolves when it listens. */
  static async start(name: string, environment: Readonly<Record<string, string>>): Promise<Component> {
    const env = { ...process.env, TIDEMARK_ADMIN_PORT: '0', TIDEMARK_PORT: '0', ...environment };
    const child = spawn(process.execPath, ['dist/cli/main.js', name], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const component = new Component(name, child);
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', (chunk) => {
        component.output += chunk;
        const [, admin, url] =
          /"admin":"(http:[^"]+)","msg":"listening on (http:[^"]+)"/.exec(component.output) ?? [];
        if (admin === undefined || url === undefined || component.url !== '') return;
        component.admin = admin;
        component.url = url;
        resolve();
      });
      child.once('exit', (code) =>
        reject(new Error(`tidemark ${name} ended with ${code}: ${component.output}`)),
      );
    });
    return component;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(name);
  }

  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    return endProcess(this.child, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}
