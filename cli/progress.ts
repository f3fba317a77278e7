import type { Writable } from 'node:stream';

const WIDTH = 30;
/** How often it is drawn, ms. */
const EVERY_MS = 100;

/** How far a long command is, on one line that is drawn again and again; gone once something else is said. */
export interface Progress {
  /** From 0 to 1. */
  share(share: number): void;
  clear(): void;
}

export const noProgress: Progress = { share: () => undefined, clear: () => undefined };

/** A bar for people: on a terminal alone. */
export function progressOn(
  stream: Pick<Writable, 'write'> & { readonly isTTY?: boolean },
  { quiet = false, clock }: { readonly quiet?: boolean; readonly clock: () => number },
): Progress {
  if (quiet || stream.isTTY !== true) return noProgress;
  let drawn = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    share: (share) => {
      const now = clock();
      if (now - drawn < EVERY_MS) return;
      drawn = now;
      shown = true;
      const full = Math.round(share * WIDTH);
      const percent = `${Math.floor(share * 100)}`.padStart(3);
      stream.write(`\r\x1b[K[${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${percent}%`);
    },
    clear: () => {
      if (shown) stream.write('\r\x1b[K');
      shown = false;
    },
  };
}

/** Says a line meanwhile, on a line of its own. */
export const beside =
  (progress: Progress, say: (line: string) => void): ((line: string) => void) =>
  (line) => {
    progress.clear();
    say(line);
  };
