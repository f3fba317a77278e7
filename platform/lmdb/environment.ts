import { mkdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { LogError } from '../log/event-log.js';
import { takeWriterLock } from './writer-lock.js';

export type Key = readonly (string | number)[];
export type Database = RootDatabase<Buffer, (string | number)[]>;

export interface EnvironmentOptions {
  /** Folder of the environment; made when it is missing (writers only). */
  readonly path: string;
  readonly mode: 'write' | 'read';
  /** The data file may not grow beyond this, bytes. */
  readonly quota?: number;
}

/** One LMDB environment for topics, positions and store: one writing process, any number of reading ones. */
export interface Environment {
  readonly db: Database;
  readonly path: string;
  readonly mode: 'write' | 'read';
  /** Runs the writes in one transaction; resolves once they are visible. Rejects `NoSpace` when there is no room. */
  write<T>(work: () => T): Promise<T>;
  /** Resolves when all that was written is on disk. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

const READER_CHECK_MS = 60_000;
/** Room that a transaction may need at most, bytes. */
const HEADROOM = 8 * 1024 * 1024;

/** Opens the environment; rejects `WriterExists` when another process writes there. */
export function openEnvironment({
  path,
  mode,
  quota = Number.POSITIVE_INFINITY,
}: EnvironmentOptions): Environment {
  if (mode === 'write') mkdirSync(path, { recursive: true });
  const release = mode === 'write' ? takeWriterLock(path) : (): void => {};
  const db: Database = open({
    path: join(path, 'log.mdb'),
    readOnly: mode === 'read',
    encoding: 'binary',
    keyEncoding: 'ordered-binary',
    noSubdir: true,
  });
  db.readerCheck();
  const timer = setInterval(() => db.readerCheck(), READER_CHECK_MS);
  timer.unref();
  return {
    db,
    path,
    mode,
    write: async (work) => {
      assertRoom(path, quota);
      try {
        // A child transaction: a plain one keeps what was written before a throw.
        return await db.childTransaction(work);
      } catch (cause) {
        throw explain(cause, path);
      }
    },
    flushed: async () => {
      await db.flushed;
    },
    close: async () => {
      clearInterval(timer);
      if (mode === 'write') await db.flushed;
      await db.close();
      release();
    },
  };
}

/** LMDB reuses freed pages, so a file at its quota may still have room; growing it is what is refused. */
function assertRoom(path: string, quota: number): void {
  const file = statSync(join(path, 'log.mdb'), { throwIfNoEntry: false });
  if (quota < Number.POSITIVE_INFINITY && (file?.size ?? 0) > quota) {
    throw noSpace(path, `the data file has ${file?.size} bytes, the quota is ${quota}`);
  }
  const disk = statfsSync(path);
  if (disk.bavail * disk.bsize < HEADROOM) throw noSpace(path, 'the disk is full');
}

function noSpace(path: string, why: string, cause?: unknown): LogError {
  return new LogError('NoSpace', `no room in ${path}: ${why}; free some space or shorten the retention`, {
    cause,
    retryable: true,
  });
}

function explain(cause: unknown, path: string): unknown {
  if (cause instanceof LogError) return cause;
  const text = cause instanceof Error ? `${cause.message}` : String(cause);
  return /MAP_FULL|MDB_MAP|ENOSPC|No space/i.test(text) ? noSpace(path, text, cause) : cause;
}
