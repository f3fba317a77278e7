import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { type Ours, portsOf } from './manifests.js';

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: Readonly<
      Record<'secretKeyRef' | 'configMapKeyRef', { name: string; key: string } | undefined>
    >;
  }[];
  readonly envFrom?: readonly {
    readonly configMapRef?: { readonly name: string };
    readonly secretRef?: { readonly name: string; readonly optional?: boolean };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  readonly securityContext?: object;
  readonly volumeMounts?: readonly {
    readonly mountPath: string;
    readonly name: string;
    readonly readOnly?: boolean;
  }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly terminationGracePeriodSeconds?: number;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly securityContext?: object;
}

export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template?: { readonly spec: PodSpec };
    readonly selector?: object;
    readonly ports?: readonly { readonly port: number; readonly targetPort?: string | number }[];
  };
}

export const NAME = 'app.kubernetes.io/name';
const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
const DEFAULT_GRACE_S = 30;

export const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Manifest);

export interface Literals {
  readonly name: string;
  readonly literals?: readonly string[];
  readonly files?: readonly string[];
}

/** A folder as it is written: its resources, and what its generators make, without patches. */
export function rawManifests(folder: string): Manifest[] {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const { resources, configMapGenerator = [] } = parse(read('kustomization.yaml')) as {
    readonly resources: readonly string[];
    readonly configMapGenerator?: readonly Literals[];
  };
  const generated = configMapGenerator.map(({ name, literals = [], files = [] }) => ({
    kind: 'ConfigMap',
    metadata: { name },
    data: { ...pairs(literals), ...Object.fromEntries(files.map((file) => [file, read(file)])) },
    spec: {},
  }));
  return [...resources.flatMap((file) => manifestsIn(read(file))), ...generated];
}

export const pairs = (literals: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    literals.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );

/** What a secret holds where it is generated: others promise the same keys. */
export function secretsOf(overlay: string): Map<string, Record<string, string>> {
  const { secretGenerator } = parse(readFileSync(join(overlay, 'kustomization.yaml'), 'utf8')) as {
    readonly secretGenerator: readonly Literals[];
  };
  return new Map(secretGenerator.map(({ name, literals = [] }) => [name, pairs(literals)]));
}

export const workloads = (all: readonly Manifest[]): (Manifest & { readonly pod: PodSpec })[] =>
  all.flatMap((one) => (one.spec?.template ? [{ ...one, pod: one.spec.template.spec }] : []));

/** All that run in a pod, before and while it does its work; a patch need not name any. */
export const containersOf = ({ initContainers = [], containers = [] }: Partial<PodSpec>): Container[] => [
  ...initContainers,
  ...containers,
];

/** A name without the hash that a generator has put behind it. */
const plain = (name: string): string => name.replace(/-[a-z0-9]{10}$/, '');

function environmentOf(
  { env = [], envFrom = [] }: Container,
  all: readonly Manifest[],
  secrets: ReadonlyMap<string, Record<string, string>>,
): Record<string, string> {
  const map = (name: string): Readonly<Record<string, string>> => {
    const found = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data;
    if (!found) throw new Error(`there is no ConfigMap ${name}`);
    return found;
  };
  const secret = (name: string): Record<string, string> => {
    const found = secrets.get(plain(name));
    if (!found) throw new Error(`there is no Secret ${name}`);
    return found;
  };
  const values: Record<string, string> = {};
  for (const { configMapRef, secretRef } of envFrom) {
    if (configMapRef) Object.assign(values, map(configMapRef.name));
    else if (secretRef && (!secretRef.optional || secrets.has(secretRef.name)))
      Object.assign(values, secret(secretRef.name));
  }
  for (const { name, value, valueFrom } of env) {
    const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
    if (value !== undefined) values[name] = value;
    else if (secretKeyRef) values[name] = secret(secretKeyRef.name)[secretKeyRef.key] ?? '';
    else if (configMapKeyRef) values[name] = map(configMapKeyRef.name)[configMapKeyRef.key] ?? '';
  }
  return values;
}

/** A port of a container, which may be called by its name. */
export const portOf = ({ ports = [] }: Container, port: string | number): number =>
  typeof port === 'number' ? port : (ports.find(({ name }) => name === port)?.containerPort ?? -1);

/** Our containers, as the manifests run them. */
export function oursIn(
  all: readonly Manifest[],
  secrets: ReadonlyMap<string, Record<string, string>>,
): Ours[] {
  return workloads(all).flatMap(({ metadata: { name }, pod }) => {
    const [container] = pod.containers;
    if (!container || !/(^|\/)tidemark(-vps)?(:|$)/.test(container.image)) return [];
    const preStop = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    return {
      name,
      args: container.args ?? [],
      environment: environmentOf(container, all, secrets),
      mounts: (container.volumeMounts ?? []).map(({ mountPath }) => mountPath),
      probes: PROBES.flatMap((probe) => {
        const { httpGet } = container[probe] ?? {};
        return httpGet ? [{ path: httpGet.path, port: portOf(container, httpGet.port) }] : [];
      }),
      graceMs: ((pod.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S) - preStop) * 1_000,
    };
  });
}

/** Which ports each workload listens on: ours by the code, others as they say themselves. */
export function listeningIn(all: readonly Manifest[], ours: readonly Ours[]): Map<string, readonly number[]> {
  const said = workloads(all).map(
    ({ metadata: { name }, pod }) =>
      [name, (pod.containers[0]?.ports ?? []).map(({ containerPort }) => containerPort)] as const,
  );
  return new Map([...said, ...ours.map((one) => [one.name, portsOf(one)] as const)]);
}
