/** Records of one partition as bytes with a cursor; what a batch of the log looks like to an operator. */
export interface RecordCursor {
  readonly bytes: Buffer;
  readonly count: number;
  advance(): boolean;
  /** Back before the first record. */
  rewind(): void;
  readonly offset: number;
  /** -1 where the record has no key. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Bounds and counts as a reader has them; valid until it reads the next record. */
export interface RawBuckets {
  readonly le: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  readonly length: number;
}

/** Reads the buckets of the record that was read last. */
export interface BucketReader {
  /**
   * Where the bounds are these, down to the sign of 0: puts their counts at that place on, and says so. It may
   * write there, and say false, where they are not, or where that is not quickly told.
   */
  bucketsAt(le: readonly number[], counts: Float64Array, at: number): boolean;
  /** Valid until the next record is read. */
  buckets(): RawBuckets;
}

/** Reads the numbers of a metric record in place: no object per record. */
export interface MetricReader extends BucketReader {
  /** False where the bytes are not exactly one record. */
  read(bytes: Buffer, start: number, end: number): boolean;
  readonly timestamp: number;
  /** NaN where the record has none. */
  readonly startTimestamp: number;
  readonly count: number;
  readonly sum: number;
  /** Whether it is a value at a time, and not all since a counter began. */
  readonly gauge: boolean;
}

/** What a framed value is, found out from its schema id, and how to read it. */
export interface MetricDecoding {
  /** The reader of metric records written with this schema id; null where it is another type; undefined where unknown. */
  metricReader(schemaId: number): MetricReader | null | undefined;
  /** Name and labels of a metric record that was read before. */
  identity(value: Uint8Array): { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  /** Any other record: a watermark, null for one that is not ours to read (a checkpoint), or an error's text. */
  other(
    value: Uint8Array,
  ): { readonly timestamp: number; readonly source: string; readonly partitions: number } | null | string;
}
