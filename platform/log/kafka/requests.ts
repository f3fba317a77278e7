import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** A request in the version that a broker knows, and how its answer is read. */
export interface Protocol {
  readonly request: { readonly apiVersion: number; readonly encode?: () => Promise<unknown> };
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
  readonly requestTimeout?: number;
}

/** What kafkajs keeps to itself, of the version that the adapter is made for. */
export interface Requests {
  /** A request as kafkajs would send it to this broker. */
  of(broker: object, kind: 'Fetch' | 'Produce', asked: object): Protocol;
  send(broker: object, protocol: Protocol): Promise<unknown>;
}

type Lookup = (key: number, api: object) => (asked: object) => Protocol;

/** Null where kafkajs is not as expected. */
export function requestsOf(broker: object): Requests | null {
  try {
    const { requests } = require('kafkajs/src/protocol/requests') as { requests: Record<string, object> };
    const keys = require('kafkajs/src/protocol/requests/apiKeys') as Record<string, number>;
    const send = Object.getOwnPropertySymbols(Object.getPrototypeOf(broker)).find(
      ({ description }) => description === 'private:Broker:sendRequest',
    );
    if (send === undefined || !('lookupRequest' in broker)) return null;
    return {
      of: (one, kind, asked) =>
        (one as { lookupRequest: Lookup }).lookupRequest(
          keys[kind] as number,
          requests[kind] as object,
        )(asked),
      send: (one, protocol) =>
        (one as Record<symbol, (protocol: Protocol) => Promise<unknown>>)[send]?.(protocol) ??
        Promise.reject(new Error('this broker of kafkajs sends nothing')),
    };
  } catch {
    return null;
  }
}

/**
 * Makes of kafkajs's parts what stands in for its own way, once they are seen; where they are not as expected,
 * that is said once, and it goes on as it comes.
 */
export function through<B extends object, P, T>(
  parts: (broker: B) => P | null,
  replaced: (broker: B, parts: P) => T,
  asItComes: (broker: B) => T,
  otherwise: () => void,
): (broker: B) => T {
  let found: P | null | undefined;
  return (broker) => {
    if (found === undefined) {
      found = parts(broker);
      if (found === null) otherwise();
    }
    return found === null ? asItComes(broker) : replaced(broker, found);
  };
}
