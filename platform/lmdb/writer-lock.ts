import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LogError } from '../log/event-log.js';

interface Holder {
  readonly pid: number;
  /** Start of the process in ticks since boot, since pids are given again; null where it cannot be known. */
  readonly started: string | null;
}

/** Makes this process the only writer; returns what gives the lock back. A dead holder's lock is taken over. */
export function takeWriterLock(path: string): () => void {
  const file = join(path, 'writer.lock');
  const mine: Holder = { pid: process.pid, started: startOf(process.pid) };
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, JSON.stringify(mine));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = read(file);
      if (holder !== null && isAlive(holder)) {
        throw new LogError(
          'WriterExists',
          `${path} is in use by process ${holder.pid}: stop it, or name another folder with --data`,
        );
      }
      // Renaming lets only one of several starters take the stale lock away.
      const stale = `${file}.${process.pid}`;
      renameSync(file, stale);
      rmSync(stale, { force: true });
    }
  }
  throw new LogError('WriterExists', `${path}: the lock ${file} could not be taken`);
}

function read(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return now === null || started === null || now === started;
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
