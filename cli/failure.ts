import { UsageError } from './usage-error.js';

/** Errors that say by themselves what is wrong, by name: their classes are loaded only where they are thrown. */
const told = new Set([
  'UsageError',
  'CannotListen',
  'LogError',
  'HttpStatusError',
  'CodecError',
  'HistoryFailed',
  'PrometheusError',
]);
const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ECONNRESET', 'UND_ERR_SOCKET']);

/** The way out where a command does not wait for what is down. */
const ways: Readonly<Record<string, string | undefined>> = {
  'LogError Unavailable': '; is a broker up at KAFKA_BROKERS, and KAFKA_TLS set as it wants it?',
  'CodecError Unavailable':
    '; is it up, and SCHEMA_REGISTRY_URL where its Confluent API begins (that of Apicurio at /apis/ccompat/v7)?',
};

/** What went wrong as one line each, without a stack where it is no fault of ours. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { status, url, detail = null } = error as { status?: number; url?: string; detail?: string | null };
  if (status === 404)
    return `${url} answered 404: ${detail === null ? '' : `${detail}; `}is --url that of \`tidemark view\`, or of \`tidemark up\`?`;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (told.has(error.name)) return `${error.message}${ways[`${error.name} ${code}`] ?? ''}`;
  if (unreachable.has(code))
    return `nothing answers there (${code}): is the platform running, and --url right?`;
  return 'syscall' in error ? error.message : (error.stack ?? error.message);
}

/** 2 for a mistake in what was given, also where the platform found it; else 1. */
export const exitCodeOf = (error: unknown): number =>
  error instanceof UsageError || (error as { status?: number } | null)?.status === 400 ? 2 : 1;
