import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { componentCommands } from '../cli/commands.js';
import { imagesComposed, oursComposed, reachedComposed } from './composition.js';
import { images } from './images.js';
import {
  containersOf,
  listeningIn,
  manifestsIn,
  oursIn,
  rawManifests,
  secretsOf,
  workloads,
} from './kubernetes.js';
import { behind, opened, reachedIn } from './kubernetes-network.js';
import { type Ours, portsOf, problemsOf, scrapedIn, unheard } from './manifests.js';

const base = 'k8s/base';
const compose = 'compose/compose.yaml';
const names = componentCommands().map((command) => command.name());
const problemsOfAll = async (all: readonly Ours[]): Promise<string[]> =>
  (await Promise.all(all.map(problemsOf))).flat();
/** Images of others that the suites do not run, or run in another version. */
const untried = (used: readonly string[]): string[] => {
  const tried: readonly string[] = Object.values(images);
  const repositories = tried.map((one) => one.split(':')[0]);
  return used.filter((one) => repositories.includes(one.split(':')[0]) && !tried.includes(one));
};

describe('the manifests for Kubernetes', () => {
  const all = rawManifests(base);
  const ours = oursIn(all, secretsOf('k8s/overlays/dev'));

  test('run every component, in ways that the code knows', async () => {
    expect(ours.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(await problemsOfAll(ours)).toEqual([]);
  });

  test('tell a webhook too, where there is a Secret that says which', async () => {
    const webhook = {
      TIDEMARK_WEBHOOK: 'https://hooks.example.org/t',
      TIDEMARK_WEBHOOK_SECRET: 'not-a-secret',
    };
    const secrets = new Map([...secretsOf('k8s/overlays/dev'), ['webhook', webhook] as const]);
    const [notify] = oursIn(all, secrets).filter(({ name }) => name === 'notify');
    expect(notify?.environment).toMatchObject(webhook);
    expect(notify && (await problemsOf(notify))).toEqual([]);
  });

  test('expect nobody at a port where nobody listens', () => {
    const scraped = behind(all, scrapedIn(readFileSync(`${base}/prometheus.yml`, 'utf8')));
    expect(scraped.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(unheard([...reachedIn(all), ...scraped], listeningIn(all, ours))).toEqual([]);
  });

  test('ask every component how it is, in all three ways', () => {
    for (const { name, probes } of ours) expect([name, probes.length]).toEqual([name, 3]);
  });

  test('run the images of others that the suites run', () => {
    // Those of the overlays too, as they are written: in a patch, a container may be without an image.
    const written = readdirSync('k8s', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => manifestsIn(readFileSync(join('k8s', file), 'utf8')));
    const used = workloads(written).flatMap(({ pod }) => containersOf(pod).map(({ image = '' }) => image));
    expect(untried(used)).toEqual([]);
  });

  test('judge by the rules of the repository', () => {
    expect(readFileSync(`${base}/sla.yaml`, 'utf8')).toBe(readFileSync('sla.yaml', 'utf8'));
  });
});

describe.each(existsSync(compose) ? [compose] : [])('%s', (compose) => {
  test('runs every component, in ways that the code knows', async () => {
    const ours = oursComposed(compose);
    expect(ours.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(await problemsOfAll(ours)).toEqual([]);
  });

  test('expects nobody at a port where nobody listens', () => {
    const listening = new Map(oursComposed(compose).map((one) => [one.name, portsOf(one)] as const));
    const scraped = scrapedIn(readFileSync('compose/prometheus.yml', 'utf8'));
    expect(scraped.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(unheard([...reachedComposed(compose), ...scraped], listening)).toEqual([]);
  });

  test('runs the images of others that the suites run', () => {
    expect(untried(imagesComposed(compose))).toEqual([]);
  });
});

describe('a manifest that differs from the code', () => {
  const right: Ours = {
    name: 'front',
    args: ['gateway'],
    environment: { VMS_URL: 'http://vms:8080', TIDEMARK_VIDEOS: '/videos', NODE_OPTIONS: '--no-warnings' },
    mounts: ['/tmp', '/videos'],
    probes: [{ path: '/readyz', port: 9464 }],
    graceMs: 35_000,
  };

  test.each<[string, Partial<Ours>, string]>([
    ['a command', { args: ['doorway'] }, 'there is no command "doorway"'],
    [
      'a variable',
      { environment: { ...right.environment, VMS_URI: 'http://vms:8080' } },
      'VMS_URI is no setting of gateway',
    ],
    ['a value', { environment: { ...right.environment, VMS_URL: 'vms:8080' } }, 'VMS_URL'],
    ['what is required', { environment: { TIDEMARK_VIDEOS: '/videos' } }, 'VMS_URL is missing'],
    ['an option', { args: ['gateway', '--vms', 'x'] }, "unknown option '--vms'"],
    ['a folder', { mounts: ['/media'] }, 'no setting names /media'],
    [
      'the path of a probe',
      { probes: [{ path: '/health', port: 9464 }] },
      '/health is asked, and answered by nobody',
    ],
    [
      'the port of a probe',
      { probes: [{ path: '/readyz', port: 8080 }] },
      '/readyz is asked at 8080, and answered at 9464',
    ],
    ['the time to stop', { graceMs: 25_000 }, 'it is ended after 25000 ms, and takes 35000 ms to stop'],
    [
      'the time to wait before',
      { environment: { ...right.environment, TIDEMARK_DRAIN_WAIT: '6s' } },
      'it is ended after 35000 ms, and takes 36000 ms to stop',
    ],
  ])('in %s is found', async (_, wrong, told) => {
    expect(await problemsOf(right)).toEqual([]);
    expect(await problemsOf({ ...right, ...wrong })).toEqual([expect.stringContaining(told)]);
  });

  test('in a port is found', () => {
    expect(portsOf(right)).toEqual([8080, 9464]);
    const listening = new Map([['front', portsOf(right)]]);
    expect(unheard([{ name: 'front', port: 8081, by: 'a service' }], listening)).toEqual([
      'front: a service expects it at 8081',
    ]);
  });

  const redis = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'redis' } } };
  const view = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'view' } } };
  const ports = [{ port: 6379 }];
  const policyTypes = ['Ingress', 'Egress'];
  const openedBy = (written: object) => {
    const spec: object = { policyTypes, ...written };
    return opened([...rawManifests(base), { kind: 'NetworkPolicy', metadata: { name: 'hole' }, spec }])
      .filter(({ by }) => by === 'hole')
      .map(({ from, to, port }) => `${from} ${to} ${port}`);
  };

  test.each<[string, object, string]>([
    ['from every pod', { ...redis, ingress: [{ from: [{ podSelector: {} }], ports }] }, 'view redis 6379'],
    ['of every pod', { podSelector: {}, egress: [{ to: [redis], ports }] }, 'view redis 6379'],
    ['at every pod', { podSelector: {}, ingress: [{ from: [view], ports }] }, 'view redis 6379'],
    ['to every pod', { ...view, egress: [{ to: [{ podSelector: {} }], ports }] }, 'view redis 6379'],
    [
      'from every namespace',
      { ...redis, ingress: [{ from: [{ namespaceSelector: {} }], ports }] },
      'anywhere redis 6379',
    ],
    ['from no peers', { ...redis, ingress: [{ from: [], ports }] }, 'anywhere redis 6379'],
    ['from nobody in particular', { ...redis, ingress: [{ ports }] }, 'anywhere redis 6379'],
    ['to nobody in particular', { ...view, egress: [{ ports }] }, 'view anywhere 6379'],
  ])('in what a network policy opens %s is found', (_, spec, way) => {
    expect(openedBy(spec)).toContain(way);
  });

  test('in a network policy, where it is not understood, does not pass for closed', () => {
    expect(() => openedBy({ ...redis, ingress: [{ from: [view] }] })).toThrow('ports');
    const from = [{ ipBlock: { cidr: '0.0.0.0/0' } }];
    expect(() => openedBy({ ...redis, ingress: [{ from, ports }] })).toThrow('ipBlock');
  });
});
