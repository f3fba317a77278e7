import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { componentCommands } from '../cli/commands.js';
import { settings } from '../cli/settings/table.js';
import { PARTITIONS, topicSpecs } from '../cli/topics.js';
import { aggregateFactory } from '../pipeline/aggregate/aggregate.js';
import { evaluateFactory } from '../pipeline/evaluate/evaluate.js';
import { recompile } from '../pipeline/sla/compile.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import { metricDecoding, readPartialBatch } from '../pipeline/stage/decoding.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { videoGroups, videoTopics } from '../video/jobs/topics.js';
import {
  containersOf,
  listeningIn,
  type Manifest,
  manifestsIn,
  oursIn,
  secretsOf,
  workloads,
} from './kubernetes.js';
import { allowed, behind, opened, reachedIn, selected, servicesIn } from './kubernetes-network.js';
import { kubernetesTools, render, validate } from './kubernetes-tools.js';
import { problemsOf, type Reached, scrapedIn, unheard } from './manifests.js';
import { temporaryFolder } from './tidemark.js';

const tools = kubernetesTools();
const secrets = secretsOf('k8s/overlays/dev');
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** What is said against these manifests. */
function verdict(manifests: readonly unknown[]): string {
  const file = join(folder.path, 'manifests.yaml');
  // JSON is YAML, and leaves no doubt what a string is.
  writeFileSync(file, manifests.map((one) => JSON.stringify(one)).join('\n---\n'));
  return validate(file);
}

/** As KEDA has it, as far as it is used here; anything else is a mistake. */
const scaledObject = z.strictObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name: z.string() }),
    minReplicaCount: z.int().min(1),
    maxReplicaCount: z.int(),
    cooldownPeriod: z.int().optional(),
    advanced: z.strictObject({
      horizontalPodAutoscalerConfig: z.strictObject({
        behavior: z.strictObject({
          scaleDown: z.strictObject({ stabilizationWindowSeconds: z.int() }),
        }),
      }),
    }),
    triggers: z.array(
      z.strictObject({
        type: z.literal('kafka'),
        metadata: z.strictObject({
          bootstrapServers: z.string(),
          consumerGroup: z.string(),
          topic: z.string(),
          lagThreshold: z.string().regex(/^\d+$/),
        }),
      }),
    ),
  }),
});

/** Which group of ours reads which topic. */
function groups(): Map<string, string> {
  const codec = embeddedCodec();
  const decoding = metricDecoding(codec);
  const stages = [
    aggregateFactory({ decoding: () => decoding, compile: recompile, targets: PARTITIONS }),
    evaluateFactory({
      read: readPartialBatch(codec),
      compile: recompile,
      expand: expandTemplate,
      warn: () => undefined,
    }),
  ].map(({ name, topic }) => [name, topic] as const);
  const all = [...stages, [videoGroups.jobs, videoTopics.jobs] as const];
  return new Map(all.map(([name, topic]) => [`${settings.kafkaPrefix.default}${name}`, topic]));
}

describe.skipIf(!tools).each(['dev', 'prod'])('the overlay %s', (overlay) => {
  let all: Manifest[] = [];
  const ofKind = (kind: string): Manifest[] => all.filter((one) => one.kind === kind);
  beforeAll(() => {
    all = manifestsIn(render(`k8s/overlays/${overlay}`));
  });

  test('is what Kubernetes, and KEDA, understand to the last field', () => {
    expect(verdict(all.filter(({ kind }) => kind !== 'ScaledObject'))).toBe('');
    for (const one of ofKind('ScaledObject')) scaledObject.parse(one);
    expect(ofKind('ScaledObject').length).toBe(overlay === 'prod' ? 2 : 0);
  });

  test('with a field that is misspelt is refused', () => {
    const [gateway] = ofKind('Deployment');
    const text = JSON.stringify(gateway);
    const misspelt = JSON.parse(text.replace('"readinessProbe"', '"readynessProbe"')) as unknown;
    expect(verdict([gateway])).toBe('');
    expect(verdict([misspelt])).toContain("'readynessProbe' was unexpected");
  });

  test('runs every component in ways that the code knows, and expects nobody where nobody listens', async () => {
    const ours = oursIn(all, secrets);
    expect(ours.map(({ name }) => name).sort()).toEqual(
      componentCommands()
        .map((command) => command.name())
        .sort(),
    );
    expect((await Promise.all(ours.map(problemsOf))).flat()).toEqual([]);
    expect(unheard(reachedIn(all), listeningIn(all, ours))).toEqual([]);
  });

  test('lets no workload do more than the restricted level does, nor write to its image', () => {
    const [namespace] = ofKind('Namespace');
    expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(all.every((one) => one === namespace || one.metadata.namespace === namespace?.metadata.name)).toBe(
      true,
    );
    for (const { metadata, pod } of workloads(all)) {
      expect({ name: metadata.name, ...pod }).toMatchObject({
        name: metadata.name,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: expect.any(Number),
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [{ startupProbe: {}, readinessProbe: {}, livenessProbe: {} }],
      });
      for (const container of containersOf(pod))
        expect(container).toMatchObject({
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: {
            requests: { cpu: expect.anything(), memory: expect.anything() },
            limits: { memory: expect.anything() },
          },
        });
    }
  });

  test('opens the ways that are needed, at both ends, and no others', () => {
    const ours = oursIn(all, secrets);
    const services = servicesIn(all).map(({ by }) => by);
    const addresses = (environment: Readonly<Record<string, string>>): Reached[] =>
      Object.entries(environment).flatMap(([by, value]) =>
        [...value.matchAll(/(?:^|\/|@|,)([a-z][\w-]*(?:\.[\w-]+)*):(\d+)/g)].map(([, host = '', port]) => ({
          // The nodes of a set have names of their own within its service; other names are of another namespace.
          name: host.split('.').at(host.includes('.') ? 1 : 0) ?? '',
          port: Number(port),
          by,
        })),
      );
    const prometheus = ofKind('ConfigMap').find(({ data }) => data?.['prometheus.yml'] !== undefined);
    const isWithin = ({ name }: Reached): boolean => services.includes(name);
    // Where browsers reach gateway and view: no component goes there.
    const isOfBrowsers = ({ name }: Reached): boolean => name === 'localhost';
    const outside = ours.flatMap(({ name, environment }) =>
      addresses(environment)
        .filter((to) => !isWithin(to) && !isOfBrowsers(to))
        .map((to) => `${name} anywhere in ${to.name} ${to.port}`),
    );
    const ways = [
      ...ours.map(
        ({ name, environment }) => [name, behind(all, addresses(environment).filter(isWithin))] as const,
      ),
      ['prometheus', behind(all, scrapedIn(prometheus?.data?.['prometheus.yml'] ?? ''))] as const,
      ['registry', behind(all, [{ name: 'kafka', port: 9092, by: 'its storage' }])] as const,
      [
        'kafka',
        behind(
          all,
          [9092, 9093].map((port) => ({ name: 'kafka', port, by: 'another node' })),
        ),
      ] as const,
    ].flatMap(([from, targets]) => targets.map((to) => [from, to] as const));
    const open = opened(all);
    expect(ways.filter(([from, to]) => !allowed(open, from, to))).toEqual([]);

    const needed = new Set(ways.map(([from, { name, port }]) => `${from} ${name} ${port}`));
    const beyond = open
      .map(({ by, from, to, port }) => ({ by, way: `${from} ${to} ${port}` }))
      .filter(({ way }) => !needed.has(way))
      .map(({ by, way }) => `${by}: ${way}`);
    expect([...new Set(beyond)].sort()).toEqual(
      [
        ...['gateway', 'view'].map((name) => `from-anywhere: anywhere ${name} 8080`),
        ...workloads(all).map(({ metadata: { name } }) => `to-dns: ${name} anywhere in kube-system 53`),
        ...outside.map((way) => `to-alertmanager: ${way}`),
        ...(overlay === 'prod' ? ['at-kafka-from-keda: anywhere in keda kafka 9092'] : []),
      ].sort(),
    );
  });

  test('closes all other ways', () => {
    const nothing = ofKind('NetworkPolicy').find(({ metadata: { name } }) => name === 'nothing');
    expect(nothing?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  test('selects workloads that there are', () => {
    const names = workloads(all).map(({ metadata: { name } }) => name);
    const said = [
      ...ofKind('PodDisruptionBudget').flatMap(({ spec }) => selected(spec.selector ?? {}, ['everybody'])),
      ...[...ofKind('HorizontalPodAutoscaler'), ...ofKind('ScaledObject')].map(
        ({ spec }) => (spec as unknown as { scaleTargetRef: { name: string } }).scaleTargetRef.name,
      ),
    ];
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('rolls nobody when the rules change: those who read them take them up', () => {
    const rules =
      ofKind('ConfigMap').find(({ data }) => data?.['sla.yaml'] !== undefined)?.metadata.name ?? '';
    expect(rules).toBe('sla');
    const readers = workloads(all).filter(({ pod }) => JSON.stringify(pod).includes(`"${rules}"`));
    expect(readers.map(({ metadata: { name } }) => name).sort()).toEqual(['pipeline', 'spout']);
  });

  test('keeps as many copies as there are nodes, and runs our images by a version', () => {
    const copies = workloads(all).map(
      ({ metadata: { name }, spec }) =>
        [name, (spec as { readonly replicas?: number }).replicas ?? 1] as const,
    );
    if (overlay === 'dev') expect(copies.filter(([, replicas]) => replicas !== 1)).toEqual([]);
    const replicas = new Map(copies).get('kafka');
    const [view] = oursIn(all, secrets).filter(({ name }) => name === 'view');
    expect([replicas, view?.environment.KAFKA_REPLICATION]).toEqual(overlay === 'prod' ? [3, '3'] : [1, '1']);
    const images = workloads(all).flatMap(({ pod }) => containersOf(pod).map(({ image }) => image ?? ''));
    expect(images.filter((image) => !/:[\w.-]+$/.test(image) || image.endsWith(':latest'))).toEqual([]);
  });
});

test.skipIf(!tools)(
  'workers are scaled by groups that there are, to no more than there are partitions',
  () => {
    const known = groups();
    const partitions = new Map(topicSpecs(1).map((one) => [one.name, one.partitions]));
    const found = manifestsIn(render('k8s/overlays/prod')).filter(({ kind }) => kind === 'ScaledObject');
    expect(found.map(({ metadata: { name } }) => name)).toEqual(['pipeline', 'vps']);
    for (const one of found) {
      const { metadata, spec } = scaledObject.parse(one);
      for (const { metadata: trigger } of spec.triggers) {
        expect([trigger.consumerGroup, trigger.topic]).toEqual([
          trigger.consumerGroup,
          known.get(trigger.consumerGroup),
        ]);
        expect(spec.maxReplicaCount).toBeLessThanOrEqual(partitions.get(trigger.topic) ?? 0);
        // KEDA looks them up from a namespace of its own.
        for (const server of trigger.bootstrapServers.split(','))
          expect(server).toMatch(new RegExp(`^kafka-\\d\\.kafka\\.${metadata.namespace}:9092$`));
      }
    }
  },
);
