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
  /** What is stored may not grow beyond this, bytes. */
  readonly quota?: number;
}

/** One LMDB environment for topics, positions and store: one writing process, any number of reading ones. */
export interface Environment {
  readonly db: Database;
  readonly path: string;
  readonly mode: 'write' | 'read';
  /**
   * Runs the writes in one transaction; resolves once they are visible. Rejects `NoSpace` when there is
   * no room, unless the work frees some.
   */
  write<T>(work: () => T, options?: { readonly frees: boolean }): Promise<T>;
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
    write: async (work, { frees } = { frees: false }) => {
      if (!frees) assertRoom(db, path, quota);
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

/** The file never shrinks, but LMDB reuses freed pages: what is in use counts, and what is free in the file is room. */
function assertRoom(db: Database, path: string, quota: number): void {
  const used = usedBytes(db);
  if (used > quota) throw noSpace(path, `${used} bytes are in use, the quota is ${quota}`);
  const disk = statfsSync(path);
  const file = statSync(join(path, 'log.mdb')).size;
  if (disk.bavail * disk.bsize + Math.max(0, file - used) < HEADROOM) throw noSpace(path, 'the disk is full');
}

interface Pages {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function usedBytes(db: Database): number {
  const stats = db.getStats() as Pages & { readonly pageSize: number; readonly free: Pages };
  const pages = [stats, stats.free].reduce(
    (sum, one) => sum + one.treeBranchPageCount + one.treeLeafPageCount + one.overflowPages,
    0,
  );
  return pages * stats.pageSize;
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
