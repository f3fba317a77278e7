import { once } from 'node:events';

/** Colours only where a person looks, and wants them. */
export const color = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** Prints a line, and waits where the reader is slower than we are. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

export const printNow = (line: string): void => void process.stdout.write(`${line}\n`);
export const warn = (line: string): void => void process.stderr.write(`${line}\n`);

const stop = new AbortController();
let heeded = false;

/**
 * From here on SIGINT and SIGTERM end the process at once, until `untilStopped` is asked for. The first process
 * of a container would not end by itself.
 */
export function endOnSignals(): void {
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.on(name, () => (heeded ? stop.abort() : process.exit(code)));
}

/** SIGHUP, which ends a process that does not listen to it, calls this from here on. */
export const onHangup = (heard: () => void): void => void process.on('SIGHUP', heard);

/** Aborted at SIGINT or SIGTERM, which from here on end nothing by themselves. */
export function untilStopped(): AbortSignal {
  heeded = true;
  return stop.signal;
}
