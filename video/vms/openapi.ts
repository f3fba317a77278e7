import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from './requests.js';

type Api = OpenAPIHono<Env>;

/** The OpenAPI 3.1 document of the routes of an app. */
export function describeApi(app: Api): Readonly<Record<string, unknown>> {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Videos',
      version: '1.0.0',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      description:
        'Users, their videos, and how far these have come. A video is `waitingUpload`, then `uploaded`, then `available` or `notAvailable`. Within this version fields may be added: pass over those that you do not know. The gateway before it may answer any request with 400, 405, 408, 413, 417, 429, 431 or 503 by itself, and with 502 or 504 where it does not reach this service. Every answer of the gateway has an `X-Request-ID`, that of the request where it had one.',
    },
    servers: [
      { url: '/vms', description: 'Through the gateway.' },
      { url: '/', description: 'Video management itself.' },
    ],
    // Where nothing is said, nobody has to log in.
    security: [],
  });
  return { ...document };
}
