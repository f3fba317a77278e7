import { STATUS_CODES } from 'node:http';

/** An error answer as RFC 9457 describes it. */
export function problem(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(problemBody(status, detail), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

export const problemBody = (status: number, detail: string): string =>
  JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail });
