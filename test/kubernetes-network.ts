import { type Manifest, NAME, portOf, workloads } from './kubernetes.js';
import type { Reached } from './manifests.js';

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
