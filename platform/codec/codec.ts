import type { AvroSchema, RecordName } from '../../schemas/index.js';
import type { RecordTypes } from '../../schemas/types.js';

/** A decoded record with its type. */
export type Decoded = {
  [Name in RecordName]: { readonly type: Name; readonly value: RecordTypes[Name] };
}[RecordName];

/**
 * Avro records in Confluent framing (a zero byte, the schema id as u32 big endian, the Avro payload).
 * Synchronous, so that operators can use it; ids that it does not know are loaded ahead.
 */
export interface Codec {
  /** Maps are written with keys sorted by UTF-16 code units. */
  encode<Name extends RecordName>(type: Name, value: RecordTypes[Name]): Buffer;
  /**
   * Fields of bytes are valid as long as the bytes given, of which they may be views. Throws `CodecError` on damaged
   * bytes, an unknown id, or a foreign frame.
   */
  decode(bytes: Uint8Array): Decoded;
  /** The id that `encode` writes for the type. */
  idOf(type: RecordName): number;
  /** The type that a known id stands for. */
  typeOf(id: number): RecordName | undefined;
  /** The schema that a known id was written with. */
  writerSchema(id: number): AvroSchema | undefined;
  /** Whether there can be ids that it does not know yet, to be loaded ahead. */
  readonly grows: boolean;
  /** Makes the id known if there is such a schema. Rejects (retryable) where that cannot be found out now. */
  load(id: number): Promise<boolean>;
}

/** The half of a codec that reads. */
export type Decoder = Omit<Codec, 'encode' | 'idOf'>;

/** Unavailable: the schemas cannot be reached now. Refused: the registry takes none of ours, which lasts. */
export type CodecErrorCode =
  | 'NotFramed'
  | 'UnknownSchema'
  | 'Damaged'
  | 'Invalid'
  | 'Unavailable'
  | 'Refused'
  | 'Aborted';

/** An error of the codec, with whether trying again can help as data. */
export class CodecError extends Error {
  readonly retryable: boolean;

  constructor(
    readonly code: CodecErrorCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
    this.name = 'CodecError';
    this.retryable = code === 'Unavailable';
  }
}
