import { request as send } from 'node:http';
import * as fc from 'fast-check';
import { type Answered, type ApiDocument, Contract, operationsOf } from './api-contract.js';
import { type FuzzRequest, requestOf } from './fuzz-requests.js';

export interface FuzzOptions {
  /** Where the paths of the document begin. */
  readonly base: string;
  readonly document: ApiDocument;
  /** Values of `Authorization` that may be sent, '' for none. */
  readonly logins: readonly string[];
  /** By it the same requests come again. */
  readonly seed: number;
  /** How long at most, ms. */
  readonly ms: number;
  /** How many requests at most. */
  readonly runs?: number;
  /** What no answer may say: a path of the server's, a password. */
  readonly secrets?: readonly string[];
}

export interface Fuzzed {
  /** Requests that were sent. */
  readonly requests: number;
  /** How often each operation was answered with each status: `GET /videos 200`. */
  readonly seen: ReadonlyMap<string, number>;
}

/**
 * Asks an API whatever its document lets one ask, and what it does not, for a time. Rejects, with the least request
 * that shows it and the seed, where an answer is a fault of the server, or none that the document declares.
 */
export async function fuzzApi(options: FuzzOptions): Promise<Fuzzed> {
  const { base, document, logins, seed, ms, runs = 1_000_000, secrets = [] } = options;
  const contract = new Contract(document);
  const known = new Map<string, string[]>();
  const seen = new Map<string, number>();
  let requests = 0;
  // A stream has no end that could be waited for.
  const operations = operationsOf(document).filter(
    ({ operation }) => !JSON.stringify(operation.responses[200] ?? '').includes('text/event-stream'),
  );
  const anything = fc.oneof(
    ...operations.map((operation) => ({
      arbitrary: requestOf(operation, document, logins),
      // What changes something, or is of one thing, has more that can go wrong.
      weight: (operation.method === 'get' ? 1 : 3) + (operation.path.includes('{') ? 2 : 0),
    })),
  );
  const property = fc.asyncProperty(anything, async (one) => {
    const answer = await ask(base, pathOf(one, known), one);
    requests++;
    const what = `${one.method.toUpperCase()} ${one.template} ${answer.status}`;
    seen.set(what, (seen.get(what) ?? 0) + 1);
    if (answer.status >= 500) throw new Error(`${what}: ${answer.body}`);
    for (const secret of secrets)
      if (answer.body.includes(secret)) throw new Error(`${what} says ${secret}: ${answer.body}`);
    const wrong = isElsewhere(one)
      ? problemOf(one, answer)
      : contract.differs(one.method, one.template, answer);
    if (wrong !== '') throw new Error(`${what}: ${wrong}`);
    if (one.isDeclared) remember(known, collectionOf(one.template), idsIn(answer));
  });
  await fc.assert(property, {
    ...{ seed, numRuns: runs, interruptAfterTimeLimit: ms, markInterruptAsFailure: false },
    endOnFailure: false,
  });
  return { requests, seen };
}

/** Whether it may be of another operation, or be refused before anything is routed. */
const isElsewhere = ({ parts, isDeclared }: FuzzRequest): boolean =>
  !isDeclared || Object.values(parts).some(({ kind }) => kind === 'raw');

/** What is wrong with an answer of which is known only that it may be an error; '' if nothing. */
function problemOf({ method }: FuzzRequest, { status, type, body }: Answered): string {
  if (status < 400) return '';
  if (!type.startsWith('application/problem+json')) return `an error is ${type || 'without a type'}: ${body}`;
  if (method === 'head') return '';
  const said = JSON.parse(body) as { readonly status?: number; readonly detail?: unknown };
  return said.status === status && typeof said.detail === 'string' ? '' : `no such problem: ${body}`;
}

/** The first part of a path: ids that one answer below it names are ids for all of it. */
const collectionOf = (template: string): string => template.split('/')[1] ?? '';

/** The newest ones are enough, and those that are no more there go. */
function remember(known: Map<string, string[]>, collection: string, ids: readonly string[]): void {
  const before = (known.get(collection) ?? []).filter((id) => !ids.includes(id));
  known.set(collection, [...before, ...ids].slice(-REMEMBERED));
}

const REMEMBERED = 8;

function pathOf({ template, parts, query }: FuzzRequest, known: ReadonlyMap<string, string[]>): string {
  const ids = known.get(collectionOf(template)) ?? [];
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const part = parts[name];
    if (part?.kind === 'known') return encodeURIComponent(ids[part.index % ids.length] ?? 'none');
    return part?.text ?? '';
  });
  return path + query;
}

/** The `id` of each object in an answer's list, or of the one it is. */
function idsIn({ type, body }: Answered): readonly string[] {
  if (!type.startsWith('application/json')) return [];
  const value: unknown = JSON.parse(body);
  return (Array.isArray(value) ? value : [value]).flatMap((one: unknown) => {
    const id = (one as { readonly id?: unknown } | null)?.id;
    return typeof id === 'string' ? [id] : [];
  });
}

/** Sends a path as it stands, which no client that knows addresses would. */
function ask(base: string, path: string, { method, headers, body }: FuzzRequest): Promise<Answered> {
  const { hostname, port, pathname } = new URL(base);
  return new Promise((resolve, reject) => {
    const asked = send({
      ...{ hostname, port, method, agent: false },
      path: pathname.replace(/\/$/, '') + path,
      headers: { ...headers, ...(body === null ? {} : { 'content-length': body.length }) },
    });
    asked.once('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          type: answer.headers['content-type'] ?? '',
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    // Once it is answered, that the rest of the body was not wanted does not matter.
    asked.on('error', (error) => reject(new Error(`no answer to ${method} ${path}: ${error.message}`)));
    asked.end(body ?? undefined);
  });
}
