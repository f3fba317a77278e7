import { problem } from './problem.js';

/** When a client may try again, s. */
const RETRY_AFTER_S = 2;

/**
 * The answer while a log, a store or a registry cannot be reached or has no room: 503, and when to try
 * again. Null for an error that does not say of itself that trying again can help.
 */
export function outage(error: unknown): Response | null {
  if (!(error instanceof Error && 'retryable' in error && error.retryable === true)) return null;
  return problem(503, error.message, { 'retry-after': String(RETRY_AFTER_S) });
}
