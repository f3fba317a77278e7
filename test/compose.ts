import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { images } from './images.js';

const exec = promisify(execFile);

/** Runs docker to its end, and resolves to its output; rejects with what it said where it fails. */
export async function runDocker(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { ...process.env, ...environment };
  return (await exec('docker', args, { env, maxBuffer: 1 << 26 })).stdout.trim();
}

export interface Container {
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
  };
  readonly NetworkSettings: { readonly Ports: Readonly<Record<string, readonly object[] | null>> };
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string }[];
  readonly RestartCount: number;
  readonly State: { readonly ExitCode: number; readonly Health?: { readonly Status: string } };
}

/** What the engine knows of containers. */
export async function inspect(...ids: readonly string[]): Promise<readonly Container[]> {
  return JSON.parse(await runDocker(['inspect', ...ids])) as Container[];
}

/** `compose/compose.yaml` with these rules, under a name, with images and at ports of its own. */
export class Compose {
  readonly project = `tidemark-test-${process.pid}`;
  /** Built for it, and gone with it. */
  readonly images = { tidemark: `${this.project}-tidemark`, vps: `${this.project}-vps` } as const;

  constructor(readonly rules: string) {}

  run(...args: readonly string[]): Promise<string> {
    return runDocker(['compose', '-p', this.project, '-f', 'compose/compose.yaml', ...args], {
      KAFKA_IMAGE: images.kafka,
      REGISTRY_IMAGE: images.registry,
      REDIS_IMAGE: images.redis,
      PROMETHEUS_IMAGE: images.prometheus,
      ALERTMANAGER_IMAGE: images.alertmanager,
      // With who hands alerts over.
      COMPOSE_PROFILES: 'alertmanager',
      TIDEMARK_IMAGE: this.images.tidemark,
      TIDEMARK_VPS_IMAGE: this.images.vps,
      SLA_FILE: this.rules,
      // Any ports that are free.
      GATEWAY_PORT: '0',
      VIEW_PORT: '0',
    });
  }

  /** Where a service is published. */
  async url(service: string): Promise<string> {
    return `http://${await this.run('port', service, '8080')}`;
  }

  async containers(): Promise<readonly (Container & { readonly service: string })[]> {
    const all = await inspect(...lines(await this.run('ps', '--all', '--quiet')));
    return all.map((one) => ({ ...one, service: one.Config.Labels['com.docker.compose.service'] ?? '' }));
  }

  /** The labels of what Prometheus finds for a query of PromQL. */
  async query(promql: string): Promise<readonly Readonly<Record<string, string>>[]> {
    const [found = []] = await this.#ask<{ metric: Record<string, string> }>([
      `query?query=${encodeURIComponent(promql)}`,
    ]);
    return found.map(({ metric }) => metric);
  }

  /** How many series of numbers Prometheus draws for each query over the last minutes; rejects what it rejects. */
  async drawn(promqls: readonly string[], minutes: number): Promise<readonly number[]> {
    const end = Date.now() / 1000;
    const range = `start=${end - minutes * 60}&end=${end}&step=5`;
    const paths = promqls.map((one) => `query_range?query=${encodeURIComponent(one)}&${range}`);
    const answers = await this.#ask<{ values: [number, string][] }>(paths);
    return answers.map(
      (series) =>
        series.filter(({ values }) => values.some(([, value]) => Number.isFinite(Number(value)))).length,
    );
  }

  async #ask<T>(paths: readonly string[]): Promise<readonly (readonly T[])[]> {
    const each = 'for one; do wget -qO- "http://localhost:9090/api/v1/$one" || exit 1; echo; done';
    const answers = await this.run('exec', '-T', 'prometheus', 'sh', '-c', each, 'sh', ...paths);
    return lines(answers).map((one) => (JSON.parse(one) as { data: { result: T[] } }).data.result);
  }

  /** Ends all of it, whatever state it is in. */
  async down(): Promise<void> {
    await this.run('down', '--volumes', '--remove-orphans');
    await runDocker(['image', 'rm', '--force', ...Object.values(this.images)]);
  }

  /** What the engine still has of it. */
  async left(): Promise<readonly string[]> {
    const ofIt = ['--quiet', '--filter', `label=com.docker.compose.project=${this.project}`];
    const left = [
      runDocker(['ps', '--all', ...ofIt]),
      runDocker(['volume', 'ls', ...ofIt]),
      runDocker(['network', 'ls', ...ofIt]),
      runDocker(['image', 'ls', '--quiet', `${this.project}-*`]),
    ];
    return (await Promise.all(left)).flatMap(lines);
  }
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
