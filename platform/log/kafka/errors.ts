import { LogError, type LogErrorCode } from '../event-log.js';

interface KafkaError {
  readonly name?: string;
  readonly type?: string;
  /** Of a connection, as Node names it. */
  readonly code?: unknown;
  readonly message?: string;
  readonly cause?: unknown;
  /** Of a request about several things, what became of each that failed. */
  readonly errors?: readonly unknown[];
}

/** The protocol's name of an error, also where a retry has wrapped it; empty where it has none. */
export function typeOf(error: unknown): string {
  for (let one = error as KafkaError | undefined; one; one = one.cause as KafkaError | undefined) {
    if (one.type !== undefined) return one.type;
    if (one.errors !== undefined) {
      const types = one.errors.map(typeOf);
      // That something is there already is what was wanted.
      return types.find((type) => type !== 'TOPIC_ALREADY_EXISTS') ?? types[0] ?? '';
    }
    // It has no name in the protocol's way; nor has a connection that breaks meanwhile, which is no refusal.
    if (one.name === 'KafkaJSSASLAuthenticationError')
      return broken.test(one.message ?? '') ? '' : 'SASL_AUTHENTICATION_FAILED';
    if (typeof one.code === 'string' && untrusted.test(one.code)) return 'UNTRUSTED';
    if (typeof one.code === 'string' && invalid.test(one.code)) return 'INVALID_CERTIFICATE';
  }
  return '';
}

const broken = /connection|closed|timed out|ECONN|EPIPE|ETIMEDOUT/i;
const untrusted = /SELF_SIGNED_CERT|UNABLE_TO_(?:GET|VERIFY)/;
const invalid = /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERT_REVOKED|ALTNAME_INVALID/;
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
  if (typeOf(cause) === 'INVALID_PRODUCER_EPOCH')
    return new LogError('Fenced', told(`${at} was taken over`, cause), { cause });
  const doing = `committing ${at}`;
  // A topic was looked up before: the broker that is asked has not yet heard of it.
  const passing = typeOf(cause) === 'UNKNOWN_TOPIC_OR_PARTITION';
  return (
    (passing ? null : finalError(doing, cause)) ??
    new LogError('Unknown', told(`${doing}: the outcome is unknown`, cause), { cause })
  );
}

function finalError(doing: string, cause: unknown): LogError | null {
  const [code, way] = final[typeOf(cause)] ?? [];
  if (code === undefined) return null;
  return new LogError(code, `${told(doing, cause)}${way === '' ? '' : ` (${way})`}`, { cause });
}

function told(doing: string, cause: unknown): string {
  const { message = String(cause), errors = [] } = cause as KafkaError;
  const each = new Set(errors.map((one) => (one as KafkaError).message ?? String(one)));
  const way =
    typeOf(cause) === 'INVALID_CERTIFICATE' ? ' (the certificate of the broker is not valid for it)' : '';
  return `${doing}: ${[message, ...each].join('; ')}${way}`;
}
