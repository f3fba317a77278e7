import { describe, expect, test } from 'vitest';
import { commitError, logError } from './errors.js';

const error = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);
const login = (message: string): Error => error(message, { name: 'KafkaJSSASLAuthenticationError' });

describe('what a broker says', () => {
  test.each<[string, Error, object]>([
    [
      'a wrong password',
      login('SASL PLAIN authentication failed: invalid credentials'),
      { code: 'Refused', retryable: false, message: expect.stringContaining('KAFKA_SASL_MECHANISM') },
    ],
    [
      'a connection that breaks during the login',
      login('SASL PLAIN authentication failed: Connection error: read ECONNRESET'),
      { code: 'Unavailable', retryable: true },
    ],
    [
      'an authority that nobody knows',
      error('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      { code: 'Refused', retryable: false, message: expect.stringContaining('set KAFKA_TLS') },
    ],
    [
      'a certificate that is too old',
      error('certificate has expired', { code: 'CERT_HAS_EXPIRED' }),
      { code: 'Unavailable', retryable: true, message: expect.stringContaining('is not valid') },
    ],
    [
      'of several topics one that may not be created',
      error('Topic creation errors', {
        errors: [
          error('a is there', { type: 'TOPIC_ALREADY_EXISTS' }),
          error('no right to b', { type: 'TOPIC_AUTHORIZATION_FAILED' }),
        ],
      }),
      {
        code: 'Refused',
        retryable: false,
        message: expect.stringMatching(/errors; a is there; no right to b/),
      },
    ],
    [
      'fewer brokers than copies',
      error('Topic creation errors', {
        errors: [error('two brokers, three copies', { type: 'INVALID_REPLICATION_FACTOR' })],
      }),
      { code: 'Unavailable', retryable: true, message: expect.stringContaining('two brokers') },
    ],
  ])('%s', (_, cause, expected) => {
    expect(logError('asking', cause)).toMatchObject(expected);
  });

  test('that a commit met a broker that has not heard of a topic is no end', () => {
    const cause = error('unknown', { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(commitError('metrics/0', cause).code).toBe('Unknown');
    expect(logError('looking up', cause).code).toBe('UnknownTopic');
  });
});
