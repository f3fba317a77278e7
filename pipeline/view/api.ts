import { type Handler, Hono } from 'hono';
import type { BlankEnv, BlankInput } from 'hono/types';
import type { JsonSchema } from '../../platform/codec/json-schema.js';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly description: string;
  readonly schema: JsonSchema;
  readonly required?: true;
  /** Several are one text, with commas between; without, the name is given once for each. */
  readonly explode?: false;
}

export interface Answer {
  readonly description: string;
  /** Of its JSON, or of each event where it is a stream; absent where it has no body. */
  readonly schema?: JsonSchema;
  /** Whether it has a `Link` to the page behind. */
  readonly linked?: true;
  readonly type?: 'application/json' | 'text/event-stream';
}

/** What is said of one method of one path, in the document of the API. */
export interface Operation {
  /** By which clients call it that are generated. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  /** Of the JSON that it is sent. */
  readonly body?: JsonSchema;
  /** Where it succeeds, by status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Errors of its own, beside those that any may answer with. */
  readonly refuses?: readonly (keyof typeof refusals)[];
}

/** What may be wrong with a request, by status. */
export const refusals = {
  400: 'A parameter cannot be understood; `detail` says which, why, and the way out.',
  404: 'There is none of that name, or it is not kept any more.',
  409: 'It does not go with what there is now; `detail` says with what.',
  413: 'The body is longer than 16384 bytes.',
  415: 'The body is not said to be `application/json`.',
} as const;

export type Method = 'get' | 'put' | 'post' | 'delete';

export interface Documented {
  readonly method: Method;
  /** As hono has it: `/explain/:id`. */
  readonly path: string;
  readonly operation: Operation;
}

/** Routes, each with what the document of the API says of it: none is without. */
export class Api {
  readonly app = new Hono();
  readonly operations: Documented[] = [];

  route<Path extends string>(
    [method, path]: readonly [Method, Path],
    operation: Operation,
    handler: Handler<BlankEnv, Path, BlankInput>,
  ): void {
    this.operations.push({ method, path, operation });
    this.app[method](path, handler);
  }
}
