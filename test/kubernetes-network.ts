import { z } from 'zod';
import { type Manifest, NAME, portOf, workloads } from './kubernetes.js';
import type { Reached } from './manifests.js';

const NAMESPACE = 'kubernetes.io/metadata.name';
/** Begins a peer that is no pod of ours; as it stands, all of them, and all that is outside of the cluster. */
const ANYWHERE = 'anywhere';

const selector = z.strictObject({
  matchLabels: z.strictObject({ [NAME]: z.string() }).optional(),
  matchExpressions: z
    .array(
      z.strictObject({ key: z.literal(NAME), operator: z.literal('In'), values: z.array(z.string()).min(1) }),
    )
    .optional(),
});
const peers = z
  .array(
    z.strictObject({
      podSelector: selector.optional(),
      namespaceSelector: z
        .strictObject({ matchLabels: z.strictObject({ [NAMESPACE]: z.string() }).optional() })
        .optional(),
    }),
  )
  .default([]);
// Without ports, a rule would open them all.
const ports = z.array(z.strictObject({ port: z.int(), protocol: z.enum(['TCP', 'UDP']).optional() })).min(1);

/** As Kubernetes has it, as far as it is used here: what is not understood here must not pass for closed. */
const policy = z.strictObject({
  podSelector: selector,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
  ingress: z.array(z.strictObject({ from: peers, ports })).default([]),
  egress: z.array(z.strictObject({ to: peers, ports })).default([]),
});

/** Names of the workloads that are selected, there or not; everybody's by an empty selector. */
export function selected(
  { matchLabels, matchExpressions = [] }: z.infer<typeof selector>,
  everybody: readonly string[],
): readonly string[] {
  const lists = [...(matchLabels ? [[matchLabels[NAME]]] : []), ...matchExpressions.map((one) => one.values)];
  const [first = everybody, ...others] = lists;
  return first.filter((name) => others.every((names) => names.includes(name)));
}

/** Whom a rule is for. */
function peersOf(all: z.infer<typeof peers>, everybody: readonly string[]): readonly string[] {
  if (all.length === 0) return [ANYWHERE];
  return all.flatMap(({ podSelector = {}, namespaceSelector }) => {
    if (!namespaceSelector) return selected(podSelector, everybody);
    const namespace = namespaceSelector.matchLabels?.[NAMESPACE];
    return namespace === undefined ? ANYWHERE : `${ANYWHERE} in ${namespace}`;
  });
}

export interface Way {
  readonly by: string;
  readonly end: 'ingress' | 'egress';
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

/** What policies open, each at one end. */
export function opened(all: readonly Manifest[]): Way[] {
  const everybody = workloads(all).map(({ metadata: { name } }) => name);
  return all
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .flatMap(({ metadata: { name: by }, spec }) => {
      const { podSelector, ingress, egress } = policy.parse(spec);
      return selected(podSelector, everybody).flatMap((name) => [
        ...ingress.flatMap(({ from, ports }) =>
          peersOf(from, everybody).flatMap((peer) =>
            ports.map(({ port }) => ({ by, end: 'ingress', from: peer, to: name, port }) as const),
          ),
        ),
        ...egress.flatMap(({ to, ports }) =>
          peersOf(to, everybody).flatMap((peer) =>
            ports.map(({ port }) => ({ by, end: 'egress', from: name, to: peer, port }) as const),
          ),
        ),
      ]);
    });
}

/** Whether both ends of a connection allow it. */
export function allowed(ways: readonly Way[], from: string, to: Reached): boolean {
  const found = ways.filter(
    (way) =>
      way.port === to.port && [from, ANYWHERE].includes(way.from) && [to.name, ANYWHERE].includes(way.to),
  );
  return new Set(found.map(({ end }) => end)).size === 2;
}

/** Everything that expects a workload to listen: its own manifest, services, policies, Prometheus. */
export function reachedIn(all: readonly Manifest[]): Reached[] {
  const of = workloads(all).flatMap(({ metadata: { name }, pod }) =>
    (pod.containers[0]?.ports ?? []).map(({ containerPort: port }) => ({ name, port, by: 'its workload' })),
  );
  const open = opened(all)
    .filter(({ to }) => !to.startsWith(ANYWHERE))
    .map(({ to: name, port, by }) => ({ name, port, by }));
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
