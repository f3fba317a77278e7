import { LogError, type LogErrorCode } from '../event-log.js';

interface KafkaError {
  readonly name?: string;
  readonly type?: string;
  /** Of a connection, as Node names it. */
  readonly code?: unknown;
  readonly message?: string;
  readonly cause?: unknown;
}

/** The protocol's name of an error, also where a retry has wrapped it; empty where it has none. */
export function typeOf(error: unknown): string {
  for (let one = error as KafkaError | undefined; one; one = one.cause as KafkaError | undefined) {
    if (one.type !== undefined) return one.type;
    // It has no name in the protocol's way.
    if (one.name === 'KafkaJSSASLAuthenticationError') return 'SASL_AUTHENTICATION_FAILED';
    if (typeof one.code === 'string' && untrusted.test(one.code)) return 'UNTRUSTED';
  }
  return '';
}

const untrusted = /CERT|UNABLE_TO_(?:GET|VERIFY)/;
const fenced = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'];
const credentials =
  'the user, the password or the mechanism is wrong: set KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM as the broker has them';
const rights = 'give its user the right to that on the broker';

/** What no second try mends: what it is to whoever called, and the way out. */
const final: Readonly<Record<string, readonly [LogErrorCode, string] | undefined>> = {
  UNKNOWN_TOPIC_OR_PARTITION: ['UnknownTopic', ''],
  INVALID_TOPIC_EXCEPTION: ['UnknownTopic', ''],
  MESSAGE_TOO_LARGE: ['TooLarge', "raise the topic's max.message.bytes; 1 MB, the usual one, is enough"],
  RECORD_LIST_TOO_LARGE: ['TooLarge', "raise the topic's max.message.bytes and segment.bytes"],
  UNSUPPORTED_COMPRESSION_TYPE: ['Unreadable', ''],
  SASL_AUTHENTICATION_FAILED: ['Refused', credentials],
  UNSUPPORTED_SASL_MECHANISM: ['Refused', credentials],
  ILLEGAL_SASL_STATE: ['Refused', credentials],
  UNTRUSTED: ['Refused', "set KAFKA_TLS to the file of the broker's authority"],
  TOPIC_AUTHORIZATION_FAILED: ['Refused', rights],
  GROUP_AUTHORIZATION_FAILED: ['Refused', rights],
  CLUSTER_AUTHORIZATION_FAILED: ['Refused', rights],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: ['Refused', rights],
};

export const isFinal = (error: unknown): boolean => final[typeOf(error)] !== undefined;

/** What went wrong with a broker, as an error of the log; `doing` in the gerund. */
export function logError(doing: string, cause: unknown): LogError {
  if (cause instanceof LogError) return cause;
  return (
    finalError(doing, cause) ?? new LogError('Unavailable', told(doing, cause), { cause, retryable: true })
  );
}

/** Why a commit failed: another owner, or what no second try mends, or nobody knows whether it came through. */
export function commitError(at: string, cause: unknown): LogError {
  if (fenced.includes(typeOf(cause)))
    return new LogError('Fenced', told(`${at} was taken over`, cause), { cause });
  const doing = `committing ${at}`;
  return (
    finalError(doing, cause) ??
    new LogError('Unknown', told(`${doing}: the outcome is unknown`, cause), { cause })
  );
}

function finalError(doing: string, cause: unknown): LogError | null {
  const [code, way] = final[typeOf(cause)] ?? [];
  if (code === undefined) return null;
  return new LogError(code, `${told(doing, cause)}${way === '' ? '' : ` (${way})`}`, { cause });
}

const told = (doing: string, cause: unknown): string =>
  `${doing}: ${(cause as KafkaError).message ?? String(cause)}`;
