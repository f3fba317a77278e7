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
