import type { Context } from 'hono';
import type { z } from 'zod';
import { textWithin } from '../../platform/http/body.js';
import { problem } from '../../platform/http/problem.js';
import type { Directory } from './directory.js';
import type { Passwords } from './passwords.js';
import type { User } from './records.js';

const BODY_BYTES = 64 * 1024;

/** The body as the schema says, or the answer that says why not. */
export async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(c.req.header('content-type') ?? ''))
    return problem(415, 'send JSON, with content-type: application/json');
  const text = await textWithin(c.req.raw.body, BODY_BYTES);
  if (text === null) return problem(413, `the body may have ${BODY_BYTES} bytes at most`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return problem(400, 'the body is no JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  return problem(
    400,
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
  );
}

/** HTTP basic, with e-mail address and password. */
export async function authenticate(
  header: string | undefined,
  directory: Directory,
  passwords: Passwords,
): Promise<User | null> {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const credential = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = credential.indexOf(':');
  if (colon < 0) return null;
  const user = await directory.userByEmail(credential.slice(0, colon));
  const verified = await passwords.verify(
    credential.slice(0, colon),
    credential.slice(colon + 1),
    user?.passwordHash ?? null,
  );
  return verified ? user : null;
}
