/** The trace id of a `traceparent` header (W3C Trace Context, version 00); null where it is none. */
export function traceIdOf(traceparent: string | null | undefined): string | null {
  const [, id = ''] = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(?:-|$)/.exec(traceparent ?? '') ?? [];
  // Nothing but zeros, and version ff, are no trace by the standard.
  return id === '' || /^0+$/.test(id) || traceparent?.startsWith('ff') ? null : id;
}
