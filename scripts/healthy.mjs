// Whether what runs in this container is ready: asked at its admin port or, where there is none, as under
// `tidemark up`, at its only port. Knows the environment, not the options of the command.
import { get } from 'node:http';

const { TIDEMARK_ADMIN_PORT: adminPort = '9464', TIDEMARK_PORT: port = '8080' } = process.env;

const ask = (at, otherwise) =>
  get({ host: '127.0.0.1', port: at, path: '/readyz' }, ({ statusCode }) =>
    process.exit(statusCode === 200 ? 0 : 1),
  ).once('error', otherwise);

ask(adminPort, () => ask(port, () => process.exit(1)));
