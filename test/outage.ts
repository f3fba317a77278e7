import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import type { Server } from './containers.js';

const run = promisify(execFile);

/** What befalls a server from outside: `stop` kills its process, `pause` freezes it and keeps its port open. */
export async function befall(
  { container }: Server,
  what: 'stop' | 'start' | 'pause' | 'unpause',
): Promise<void> {
  await run('docker', [what, ...(what === 'stop' ? ['--time', '0'] : []), container.getId()]);
}

/** A port of this machine that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
