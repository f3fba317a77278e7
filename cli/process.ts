import { once } from 'node:events';

/** Colours only where a person looks, and wants them. */
export const color = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** Prints a line, and waits where the reader is slower than we are. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

export const printNow = (line: string): void => void process.stdout.write(`${line}\n`);
export const warn = (line: string): void => void process.stderr.write(`${line}\n`);

/** Aborted at SIGINT or SIGTERM. */
export function untilStopped(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  return stop.signal;
}
