import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { type Ours, portsOf, type Reached } from './manifests.js';

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

const NAME = 'app.kubernetes.io/name';
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
    // Who needs an optional one knows what is in it.
    else if (secretRef && !secretRef.optional) Object.assign(values, secret(secretRef.name));
  }
  for (const { name, value, valueFrom } of env) {
    const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
    if (value !== undefined) values[name] = value;
    else if (secretKeyRef) values[name] = secret(secretKeyRef.name)[secretKeyRef.key] ?? '';
    else if (configMapKeyRef) values[name] = map(configMapKeyRef.name)[configMapKeyRef.key] ?? '';
  }
  return values;
}

const portOf = ({ ports = [] }: Container, port: string | number): number =>
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

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
}

interface Policy {
  readonly podSelector: Selector;
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

interface Rule {
  readonly from?: readonly { readonly podSelector?: Selector }[];
  readonly to?: readonly { readonly podSelector?: Selector }[];
  readonly ports: readonly { readonly port: number }[];
}

/** Names of the workloads that are selected; undefined where it is not by their names. */
export function selected({ matchLabels = {}, matchExpressions = [] }: Selector): readonly string[] {
  const named = matchLabels[NAME];
  return named === undefined ? matchExpressions.flatMap(({ values }) => values) : [named];
}

const policies = (all: readonly Manifest[]): { readonly name: string; readonly spec: Policy }[] =>
  all
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ metadata: { name }, spec }) => ({ name, spec: spec as unknown as Policy }));

/** Whether both ends of a connection allow it. */
export function allowed(all: readonly Manifest[], from: string, to: Reached): boolean {
  const names = (peers: Rule['from'] = []) =>
    peers.flatMap(({ podSelector }) => (podSelector ? selected(podSelector) : []));
  const opens = ({ ports }: Rule): boolean => ports.some(({ port }) => port === to.port);
  const out = policies(all).some(
    ({ spec }) =>
      selected(spec.podSelector).includes(from) &&
      (spec.egress ?? []).some((rule) => opens(rule) && names(rule.to).includes(to.name)),
  );
  const into = policies(all).some(
    ({ spec }) =>
      selected(spec.podSelector).includes(to.name) &&
      (spec.ingress ?? []).some((rule) => opens(rule) && (!rule.from || names(rule.from).includes(from))),
  );
  return out && into;
}

/** Everything that expects a workload to listen: its own manifest, services, policies, Prometheus. */
export function reachedIn(all: readonly Manifest[]): Reached[] {
  const of = workloads(all).flatMap(({ metadata: { name }, pod }) =>
    (pod.containers[0]?.ports ?? []).map(({ containerPort: port }) => ({ name, port, by: 'its workload' })),
  );
  const open = policies(all).flatMap(({ name: by, spec }) => [
    ...(spec.ingress ?? []).flatMap(({ ports }) =>
      selected(spec.podSelector).flatMap((name) => ports.map(({ port }) => ({ name, port, by }))),
    ),
    ...(spec.egress ?? []).flatMap(({ to = [], ports }) =>
      to.flatMap(({ podSelector }) =>
        podSelector
          ? selected(podSelector).flatMap((name) => ports.map(({ port }) => ({ name, port, by })))
          : [],
      ),
    ),
  ]);
  return [...of, ...open, ...servicesIn(all).map(({ by, name, target }) => ({ name, port: target, by }))];
}

/** Services by their name (`by`), the workload behind, and its port behind that of the service. */
export function servicesIn(
  all: readonly Manifest[],
): { readonly by: string; readonly name: string; readonly port: number; readonly target: number }[] {
  return all.flatMap(({ kind, metadata: { name: by }, spec }) => {
    if (kind !== 'Service') return [];
    const name = (spec.selector as Record<string, string>)[NAME] ?? '';
    const container = workloads(all).find(({ metadata }) => metadata.name === name)?.pod.containers[0];
    return (spec.ports ?? []).map(({ port, targetPort = port }) => ({
      ...{ by, name, port },
      target: container ? portOf(container, targetPort) : -1,
    }));
  });
}

/** What is reached by the name of a service, as what stands behind it. */
export const behind = (all: readonly Manifest[], reached: readonly Reached[]): Reached[] =>
  reached.map(({ name: service, port, by }) => {
    const found = servicesIn(all).find((one) => one.by === service && one.port === port);
    return { name: found?.name ?? `${service}, which is no service`, port: found?.target ?? port, by };
  });
