import { Agent } from 'node:https';
import type { COMPATIBILITY, SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { AvroSchema } from '../../schemas/index.js';
import { untrusted } from '../untrusted.js';
import { reason } from './avro.js';
import { CodecError } from './codec.js';

/** How long a request may take, ms. */
const ANSWER_MS = 2_000;

/** Levels under which a new schema must be able to read what the last one wrote. */
const enough = new Set(['BACKWARD', 'BACKWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE']);

/** A schema registry, asked in two ways. Each rejects with `CodecError` alone, within seconds. */
export interface RegistryClient {
  /** Registers the schema, or finds it; resolves to its id. Rejects `Refused` where the registry will not have it. */
  register(subject: string, schema: AvroSchema): Promise<number>;
  /** The text of a schema and its kind; null where there is no such id. */
  find(id: number): Promise<{ readonly schema: string; readonly kind: string } | null>;
}

/**
 * The registry at the address, whose user and password may stand in it. The client library is told not to
 * retry, since it is silent about it, and to give up in time, since by itself it waits for ever.
 */
export async function registryClient({
  url: address,
  ca,
}: {
  readonly url: string;
  readonly ca?: string;
}): Promise<RegistryClient> {
  const { SchemaRegistry } = await import('@kafkajs/confluent-schema-registry');
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const client = new SchemaRegistry({
    host: url.href.replace(/\/+$/, ''),
    retry: { retries: 0 },
    ...(ca === undefined ? {} : { agent: new Agent({ keepAlive: true, ca }) }),
    ...(username && {
      auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
    }),
    middlewares: [() => ({ prepareRequest: async (next) => (await next()).enhance({ timeout: ANSWER_MS }) })],
  });
  const { api } = client as unknown as { readonly api: Api };

  return {
    register: async (subject, schema) => {
      try {
        const compatibility = (await levelOf(api, subject)) as COMPATIBILITY;
        const { id } = await registerAs(client, { subject, compatibility }, schema);
        if (Number.isInteger(id)) return id;
      } catch (error) {
        throw refused(subject, error, url.href);
      }
      throw unavailable(`registering ${subject}`, 'its answer holds no id');
    },
    find: async (id) => {
      const what = `looking up schema ${id}`;
      try {
        const { schema, schemaType } = (await api.Schema.find({ id })).data();
        if (typeof schema === 'string') return { schema, kind: String(schemaType ?? 'AVRO') };
      } catch (error) {
        const { status, told } = answer(error);
        if (status === 404 && told) return null;
        throw unavailable(what, reason(error), error);
      }
      throw unavailable(what, 'its answer holds no schema');
    },
  };
}

/** The part of its REST API that the client library has no method for. */
interface Api {
  readonly Schema: { find(of: { id: number }): Promise<Answer<{ schema?: unknown; schemaType?: unknown }>> };
  readonly Subject: {
    config(of: { subject: string }): Promise<Answer<{ compatibilityLevel?: unknown }>>;
    updateConfig(of: { subject: string; body: { compatibility: string } }): Promise<unknown>;
  };
}

interface Answer<T> {
  data(): T;
}

/** The subject's level, set before the first schema and not after it as `register` would, and never loosened. */
async function levelOf(api: Api, subject: string): Promise<string> {
  let said = await askLevel(api, subject);
  if (said === 'NONE') {
    try {
      await api.Subject.updateConfig({ subject, body: { compatibility: 'BACKWARD' } });
      return 'BACKWARD';
    } catch (error) {
      // Of components that start together one sets it first; to the others some registries say 409.
      said = await askLevel(api, subject);
      if (said === 'NONE') throw error;
    }
  }
  if (enough.has(said)) return said;
  throw new CodecError('Refused', `subject ${subject} has compatibility ${said}: set BACKWARD`);
}

/** NONE counts as unset: some registries say so of a subject that nobody has set. */
async function askLevel(api: Api, subject: string): Promise<string> {
  try {
    return String((await api.Subject.config({ subject })).data().compatibilityLevel).toUpperCase();
  } catch (error) {
    const { status, told } = answer(error);
    if (status === 404 && told) return 'NONE';
    throw error;
  }
}

const registerAs = (
  client: SchemaRegistry,
  as: { readonly subject: string; readonly compatibility: COMPATIBILITY },
  schema: AvroSchema,
): Promise<{ readonly id: number }> =>
  client.register({ type: 'AVRO' as never, schema: JSON.stringify(schema) }, as);

const lasting = new Set([401, 403, 405, 409, 422]);

function refused(subject: string, error: unknown, url: string): CodecError {
  if (error instanceof CodecError) return error;
  const { status, told } = answer(error);
  if (status === 409 && told)
    return new CodecError(
      'Refused',
      `the schema registry refuses ${subject}: it does not read what was written before (${reason(error)})`,
      { cause: error },
    );
  if (lasting.has(status))
    return new CodecError('Refused', `the schema registry refuses ${subject}: ${reason(error)}`, {
      cause: error,
    });
  // It may be one that starts up, behind a proxy: worth another try.
  if (status === 404 && !told)
    return new CodecError(
      'Unavailable',
      `registering ${subject}: ${url} answers 404: is SCHEMA_REGISTRY_URL where the registry's Confluent API begins (Apicurio's at /apis/ccompat/v7)?`,
      { cause: error },
    );
  return unavailable(`registering ${subject}`, reason(error), error);
}

const unavailable = (what: string, why: string, cause?: unknown): CodecError =>
  new CodecError('Unavailable', `${what}: the schema registry cannot be reached: ${why}${way(why)}`, {
    cause,
  });

const way = (why: string): string =>
  untrusted.test(why) ? ' (set SCHEMA_REGISTRY_CA to the file of its authority)' : '';

/**
 * The status of an answer, and whether it is the registry's own, which always tells why. The client library
 * reports a registry that is down as status 400, and a proxy before it may say 404.
 */
function answer(error: unknown): { readonly status: number; readonly told: boolean } {
  const { status } = error as { readonly status?: unknown };
  return typeof status === 'number'
    ? { status, told: !/ - Error, status \d+/.test(reason(error)) }
    : { status: 0, told: false };
}
