import { type AddressInfo, createServer } from 'node:net';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { inject } from 'vitest';
import { images } from './images.js';

/** Whether containers can be started here; where not, `test/docker.ts` has said so. */
export const docker = inject('docker');

const START_MS = 120_000;

export interface Server extends AsyncDisposable {
  readonly container: StartedTestContainer;
  readonly url: string;
}

const server = (container: StartedTestContainer, url: string): Server => ({
  container,
  url,
  [Symbol.asyncDispose]: async () => void (await container.stop({ timeout: 0 })),
});

/** A broker of one node at a port that it keeps over restarts; `url` is `host:port`. */
export async function startKafka(
  environment: Readonly<Record<string, string>> = {},
  files: readonly { readonly target: string; readonly content: string }[] = [],
): Promise<Server> {
  const port = await freePort();
  const container = await new GenericContainer(images.kafka)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: 'HOST://:9092,INTERNAL://:19092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `HOST://localhost:${port},INTERNAL://localhost:19092`,
      KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'HOST:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '1',
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '1',
      KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS: '1000',
      ...environment,
    })
    .withCopyContentToContainer(files.map((file) => ({ ...file, mode: 0o644 })))
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_MS)
    .start();
  return server(container, `localhost:${port}`);
}

/** Kills what runs in the container, and starts it again on the data that it left. */
export const restart = ({ container }: Server): Promise<void> => container.restart({ timeout: 0 });

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** A schema registry that keeps its schemas in memory; `url` is that of its Confluent API. */
export async function startRegistry(): Promise<Server> {
  const container = await new GenericContainer(images.registry)
    .withExposedPorts(8080, 9000)
    .withWaitStrategy(Wait.forHttp('/health/ready', 9000))
    .withStartupTimeout(START_MS)
    .start();
  const url = `http://${container.getHost()}:${container.getMappedPort(8080)}/apis/ccompat/v7`;
  return server(container, url);
}

/**
 * `port`: where to find it on this machine, also after it was stopped and started again; else any. `tls`: spoken
 * alone, with this certificate.
 */
export async function startRedis(
  port?: number,
  tls?: { readonly certificate: string; readonly key: string },
): Promise<Server> {
  const secured = tls ? ['--port', '0', '--tls-port', '6379', '--tls-auth-clients', 'no'] : [];
  const files = Object.entries(tls ?? {}).map(([name, content]) => ({ target: `/tmp/${name}`, content }));
  const named = tls ? ['--tls-cert-file', '/tmp/certificate', '--tls-key-file', '/tmp/key'] : [];
  const container = await new GenericContainer(images.redis)
    .withExposedPorts(port === undefined ? 6379 : { container: 6379, host: port })
    .withCommand(['redis-server', '--appendonly', 'yes', '--appendfsync', 'always', ...secured, ...named])
    .withCopyContentToContainer(files.map((file) => ({ ...file, mode: 0o644 })))
    .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
    .withStartupTimeout(START_MS)
    .start();
  // A certificate is of a name.
  const origin = tls ? 'rediss://localhost' : `redis://${container.getHost()}`;
  return server(container, `${origin}:${container.getMappedPort(6379)}`);
}

/** Scrapes what listens at a port of this machine, each under its job's name. */
export async function startPrometheus(
  image: string,
  scrapes: readonly { readonly job: string; readonly port: number; readonly path?: string }[],
): Promise<Server> {
  const jobs = scrapes.map(({ job, port, path = '/metrics' }) => ({
    job_name: job,
    metrics_path: path,
    static_configs: [{ targets: [`host.docker.internal:${port}`] }],
  }));
  const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs };
  const container = await new GenericContainer(image)
    .withExposedPorts(9090)
    .withExtraHosts([{ host: 'host.docker.internal', ipAddress: 'host-gateway' }])
    // JSON is YAML.
    .withCopyContentToContainer([
      { content: JSON.stringify(config), target: '/etc/prometheus/prometheus.yml', mode: 0o644 },
    ])
    .withWaitStrategy(Wait.forHttp('/-/ready', 9090))
    .withStartupTimeout(START_MS)
    .start();
  return server(container, `http://${container.getHost()}:${container.getMappedPort(9090)}`);
}

/** Tells a webhook at a port of this machine of all that it is told, at once; keeps its port over restarts. */
export async function startAlertmanager(hook: number): Promise<Server> {
  const port = await freePort();
  const url = `http://host.docker.internal:${hook}/`;
  const config = {
    route: {
      receiver: 'test',
      group_by: ['...'],
      group_wait: '0s',
      group_interval: '1s',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'test', webhook_configs: [{ url, send_resolved: true }] }],
  };
  const container = await new GenericContainer(images.alertmanager)
    .withExposedPorts({ container: 9093, host: port })
    .withExtraHosts([{ host: 'host.docker.internal', ipAddress: 'host-gateway' }])
    // Alone: it waits for no others.
    .withCommand([
      '--config.file=/etc/alertmanager/alertmanager.yml',
      '--storage.path=/alertmanager',
      '--cluster.listen-address=',
    ])
    // JSON is YAML.
    .withCopyContentToContainer([
      { content: JSON.stringify(config), target: '/etc/alertmanager/alertmanager.yml', mode: 0o644 },
    ])
    .withWaitStrategy(Wait.forHttp('/-/ready', 9093))
    .withStartupTimeout(START_MS)
    .start();
  return server(container, `http://${container.getHost()}:${port}`);
}
