import type { Json } from '../platform/codec/json.js';
import type { JsonSchema } from '../platform/codec/json-schema.js';
import { comparison } from './json-schemas.js';

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

interface ApiResponse {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

export interface ApiOperation {
  readonly operationId: string;
  readonly parameters?: readonly ApiParameter[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
  readonly responses: Readonly<Record<string, ApiResponse | { readonly $ref: string }>>;
}

/** What tests need to know of an OpenAPI document. */
export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly responses?: Readonly<Record<string, ApiResponse>>;
    readonly securitySchemes?: Readonly<Record<string, unknown>>;
  };
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}

/** All operations of a document. */
export const operationsOf = ({ paths }: ApiDocument): readonly Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );

/** An answer, as it was. */
export interface Answered {
  readonly status: number;
  /** Content-type; '' where there is none. */
  readonly type: string;
  readonly body: string;
}

/** Holds answers against what a document says of them. */
export class Contract {
  readonly #compare;
  readonly #checks = new Map<JsonSchema, (value: unknown) => string>();

  constructor(readonly document: ApiDocument) {
    this.#compare = comparison(document.components.schemas);
  }

  /** What differs between an answer and the document; '' if nothing. */
  differs(method: string, path: string, { status, type, body }: Answered): string {
    const response = this.#response(method, path, status);
    if (response === null) return `${status} is not declared for ${method} ${path}`;
    const content = response.content ?? {};
    const declared = Object.keys(content);
    // What is answered to a HEAD has no body, whatever a GET would have.
    if (declared.length === 0 || method === 'head')
      return body === '' ? '' : `${status} declares no body, and has ${body}`;
    const media = type.split(';', 1)[0] ?? '';
    const schema = content[media]?.schema;
    if (!schema) return `${status} is ${media || 'without a type'}, and not ${declared.join(' or ')}`;
    if (!/\bjson$/.test(media)) return '';
    let check = this.#checks.get(schema);
    if (!check) {
      check = this.#compare(schema);
      this.#checks.set(schema, check);
    }
    try {
      return check(JSON.parse(body));
    } catch (error) {
      return `${status} is no JSON: ${error}`;
    }
  }

  /** Names of the headers that are declared for an answer, in lower case. */
  headersOf(method: string, path: string, status: number): readonly string[] {
    return Object.keys(this.#response(method, path, status)?.headers ?? {}).map((name) => name.toLowerCase());
  }

  #response(method: string, path: string, status: number): ApiResponse | null {
    const found = this.document.paths[path]?.[method]?.responses[status];
    if (found === undefined) return null;
    if (!('$ref' in found)) return found;
    return this.document.components.responses?.[found.$ref.split('/').at(-1) ?? ''] ?? null;
  }
}
