import { once } from 'node:events';
import { isatty } from 'node:tty';

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

const hadTerminal = isatty(2);

/** SIGHUP calls this from here on; that the terminal is gone ends the process, as it does without. */
export function onHangup(heard: () => void): void {
  const hear = (): void => {
    if (!hadTerminal || isatty(2)) {
      heard();
      return;
    }
    process.off('SIGHUP', hear);
    process.kill(process.pid, 'SIGHUP');
  };
  process.on('SIGHUP', hear);
}

/** Aborted at SIGINT or SIGTERM, which from here on end nothing by themselves. */
export function untilStopped(): AbortSignal {
  heeded = true;
  return stop.signal;
}
