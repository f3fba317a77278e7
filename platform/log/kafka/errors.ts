import { LogError } from '../event-log.js';

interface KafkaError {
  readonly type?: string;
  readonly message?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
}

/** The protocol's name of an error, also where a retry has wrapped it; empty where it has none. */
export function typeOf(error: unknown): string {
  for (let one = error as KafkaError | undefined; one; one = one.cause as KafkaError | undefined)
    if (one.type !== undefined) return one.type;
  return '';
}

const fenced = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'];
const unknownTopic = ['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION'];

/** What went wrong with a broker, as an error of the log; `doing` in the gerund. */
export function logError(doing: string, cause: unknown): LogError {
  if (cause instanceof LogError) return cause;
  const { message = String(cause) } = cause as KafkaError;
  const type = typeOf(cause);
  if (unknownTopic.includes(type)) return new LogError('UnknownTopic', `${doing}: ${message}`, { cause });
  return new LogError('Unavailable', `${doing}: ${message}`, { cause, retryable: true });
}

/** Why a commit failed: another owner, or nobody knows whether it came through. */
export function commitError(at: string, cause: unknown): LogError {
  const { message = String(cause) } = cause as KafkaError;
  if (fenced.includes(typeOf(cause)))
    return new LogError('Fenced', `${at} was taken over: ${message}`, { cause });
  return new LogError('Unknown', `committing ${at}: the outcome is unknown: ${message}`, { cause });
}
