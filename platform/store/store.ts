/** A value with the version that a later write can be conditional on. */
export interface Versioned {
  readonly value: string;
  readonly version: number;
}

/** One write of a transaction. `version`: write only if the record has it (0: only if absent). */
export type Write =
  | { readonly key: string; readonly value: string; readonly version?: number; readonly expiresInMs?: number }
  | { readonly key: string; readonly delete: true; readonly version?: number };

/** Records with compare-and-set, multi-key transactions and expiry. Values are text (JSON by convention). */
export interface Store {
  get(key: string): Promise<Versioned | null>;
  /** Keys that begin with the prefix, in order, after `after`, at most `limit` (100). */
  list(
    prefix: string,
    options?: { readonly after?: string; readonly limit?: number },
  ): Promise<readonly (Versioned & { readonly key: string })[]>;
  /** All writes or none; resolves to false when a version did not match. Durable when it resolves. */
  transact(writes: readonly Write[]): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Unavailable: cannot be reached now, and what was asked for may or may not be done; the adapter says so by itself,
 * once, and when it is back. Refused: a fault that lasts.
 */
export type StoreErrorCode = 'Unavailable' | 'Refused' | 'Closed';

/** An error of the store, with whether trying again can help as data. */
export class StoreError extends Error {
  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryable?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'StoreError';
    this.retryable = options.retryable ?? code === 'Unavailable';
  }

  readonly retryable: boolean;
}

/** What the adapter tells of: whoever asked in vain need not, each time again. */
export const toldByStore = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'Unavailable';
