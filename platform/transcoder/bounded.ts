import { type ChildProcess, execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A frame larger than this is not decoded: a small file could take all memory. */
export const MAX_PIXELS = 35_389_440;

/** The programs that do the work. */
export interface Tools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** First line of `ffmpeg -version`. */
  readonly version: string;
  /** The program that bounds memory (of util-linux); null where there is none: nothing bounds it then. */
  readonly prlimit: string | null;
}

/** What one run of ffmpeg or ffprobe may take of the machine. */
export interface Share {
  /** Of decoding, of filters, and of each encoder. */
  readonly threads: number;
  /** Memory, bytes. */
  readonly memory: number;
}

/** The command line of a program under its bound of memory, where this machine has what bounds it. */
export function bounded(
  { prlimit }: Tools,
  { memory }: Share,
  command: readonly [string, ...(readonly string[])],
): readonly [string, readonly string[]] {
  const [program, ...args] = command;
  // Not its address space, most of which is only reserved: each thread reserves 64 MB.
  return prlimit === null ? [program, args] : [prlimit, [`--data=${memory}`, '--', program, ...args]];
}

/** Bounds a process that runs already; whether that could be done. */
export async function bind({ prlimit }: Tools, { memory }: Share, { pid }: ChildProcess): Promise<boolean> {
  if (prlimit === null || pid === undefined) return false;
  return run(prlimit, ['--pid', String(pid), `--data=${memory}`]).then(
    () => true,
    () => false,
  );
}
