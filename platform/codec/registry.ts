import { type AvroSchema, type RecordName, recordNames, schemaOf } from '../../schemas/index.js';
import { foreign, frame, type Known, type Own, ours, reason, unframe } from './avro.js';
import { type Codec, CodecError, type Decoder } from './codec.js';
import { type RegistryClient, registryClient } from './registry-client.js';

export interface RegistryCodecOptions {
  /** Where the registry's Confluent API begins. */
  readonly url: string;
  /** PEM text of the authority of its certificate, in place of the usual ones. */
  readonly ca?: string;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly warn: (message: string) => void;
  /** Monotonic, ms. */
  readonly clock: () => number;
  /** Gives up waiting for a registry that is down. */
  readonly signal: AbortSignal;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** How long an id that the registry does not know is not asked for again, ms. */
const UNKNOWN_MS = 30_000;
/** Damaged frames hold any id: so many are remembered at most. */
const MOST_UNKNOWN = 10_000;
/** The registry's ids are of 31 bits. */
const LAST_ID = 2 ** 31 - 1;

/**
 * The codec of the cluster. Registers the schemas of this package, each under its full record name, so that
 * types share topics and a type has one history wherever it is written; waits for a registry that is down.
 * Rejects `Refused` where the registry will not have a schema, `Aborted` by the signal.
 */
export async function registryCodec(options: RegistryCodecOptions): Promise<Codec> {
  const client = await registryClient(options);
  const byName = new Map<RecordName, Own>();
  for (const name of recordNames) {
    const schema = schemaOf(name);
    byName.set(name, ours(await registered(client, schema, options), name, schema));
  }
  return new RegistryCodec(client, byName, options.clock);
}

/** Reads what is registered, and registers nothing: a registry that is down is met by `load` alone. */
export async function registryDecoder({
  clock,
  ...server
}: Pick<RegistryCodecOptions, 'url' | 'ca' | 'clock'>): Promise<Decoder> {
  return new RegistryCodec(await registryClient(server), new Map(), clock);
}

async function registered(
  client: RegistryClient,
  schema: AvroSchema,
  { pause, warn, signal }: RegistryCodecOptions,
): Promise<number> {
  for (let retry = FIRST_RETRY_MS; ; retry = Math.min(LAST_RETRY_MS, retry * 2)) {
    if (signal.aborted) throw new CodecError('Aborted', 'gave up waiting for the schema registry');
    try {
      return await client.register(fullName(schema), schema);
    } catch (error) {
      if (!(error instanceof CodecError && error.retryable)) throw error;
      warn(`${error.message}; trying again in ${retry / 1000} s`);
      await pause(retry, signal);
    }
  }
}

class RegistryCodec implements Codec {
  readonly grows = true;
  readonly #client: RegistryClient;
  readonly #byName: ReadonlyMap<RecordName, Own>;
  readonly #clock: () => number;
  readonly #byId = new Map<number, Known>();
  readonly #unknown = new Map<number, { readonly until: number; readonly why: string }>();
  readonly #loading = new Map<number, Promise<boolean>>();

  constructor(client: RegistryClient, byName: ReadonlyMap<RecordName, Own>, clock: () => number) {
    this.#client = client;
    this.#byName = byName;
    this.#clock = clock;
    for (const known of byName.values()) this.#byId.set(known.id, known);
  }

  encode: Codec['encode'] = (name, value) => frame(this.#ours(name), value);

  decode: Codec['decode'] = (bytes) =>
    unframe(
      bytes,
      (id) => this.#byId.get(id),
      (id) => this.#unknown.get(id)?.why ?? `schema id ${id} is not known`,
    );

  idOf: Codec['idOf'] = (name) => this.#ours(name).id;
  typeOf: Codec['typeOf'] = (id) => this.#byId.get(id)?.name;
  writerSchema: Codec['writerSchema'] = (id) => this.#byId.get(id)?.schema;

  /** Asks the registry once, however many wait for it. Rejects `Unavailable` while it cannot be reached. */
  async load(id: number): Promise<boolean> {
    if (this.#byId.has(id)) return true;
    if (id > LAST_ID || (this.#unknown.get(id)?.until ?? Number.NEGATIVE_INFINITY) > this.#clock())
      return false;
    let loading = this.#loading.get(id);
    if (!loading) {
      loading = this.#fetch(id).finally(() => this.#loading.delete(id));
      this.#loading.set(id, loading);
    }
    return loading;
  }

  async #fetch(id: number): Promise<boolean> {
    const found = await this.#client.find(id);
    if (found === null)
      return this.#forget(id, {
        until: this.#clock() + UNKNOWN_MS,
        why: `the registry knows no schema ${id}`,
      });
    // What an id stands for never changes.
    const forEver = (why: string): false => this.#forget(id, { until: Number.POSITIVE_INFINITY, why });
    if (found.kind !== 'AVRO') return forEver(`schema ${id} is ${found.kind}, not Avro`);
    try {
      const writer = JSON.parse(found.schema) as AvroSchema;
      const name = recordNames.find((one) => fullName(schemaOf(one)) === fullName(writer));
      if (name === undefined) return forEver(`schema ${id} is ${fullName(writer)}, which is none of ours`);
      this.#byId.set(id, foreign(id, name, { writer, reader: schemaOf(name) }));
      this.#unknown.delete(id);
      return true;
    } catch (error) {
      return forEver(`schema ${id} cannot be read: ${reason(error)}`);
    }
  }

  #forget(id: number, what: { readonly until: number; readonly why: string }): false {
    this.#unknown.delete(id);
    this.#unknown.set(id, what);
    const [oldest] = this.#unknown.keys();
    if (this.#unknown.size > MOST_UNKNOWN && oldest !== undefined) this.#unknown.delete(oldest);
    return false;
  }

  #ours(name: RecordName): Own {
    const known = this.#byName.get(name);
    if (!known) throw new CodecError('UnknownSchema', `no schema is called ${name}`);
    return known;
  }
}

/** Name with namespace; also the subject. */
function fullName(schema: AvroSchema): string {
  if (typeof schema === 'string') return schema;
  const { name = 'a schema without a name', namespace } = schema as Exclude<
    AvroSchema,
    string | readonly AvroSchema[]
  >;
  return namespace === undefined || name.includes('.') ? name : `${namespace}.${name}`;
}
