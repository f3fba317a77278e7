// Imported here first, before any server is made: later, a synchronous handler would answer 200 itself.
export type { HttpBindings } from '@hono/node-server';
export { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
