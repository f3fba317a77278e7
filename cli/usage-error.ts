/** A mistake in what the user gave, told in one line each. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
