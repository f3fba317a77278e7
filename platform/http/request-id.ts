const ids = /^[A-Za-z0-9._-]{1,128}$/;

/** The `X-Request-ID` that a client gives, where it may stand in a header and a line of a log; else null. */
export const requestIdOf = (given: string | readonly string[] | undefined): string | null =>
  typeof given === 'string' && ids.test(given) ? given : null;
