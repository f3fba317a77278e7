import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Ours, Reached } from './manifests.js';

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly (string | { readonly target: string })[];
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
}

const USUAL_GRACE = '10s';

/** A default may hold another variable: from the innermost outwards. */
function defaultsOf(text: string): string {
  const next = text.replace(/\$\{\w+:?-([^{}]*)\}/g, '$1');
  return next === text ? text : defaultsOf(next);
}

/** The services of a Compose file, as they are where nothing is set outside. */
function services(file: string): [string, Service][] {
  const text = defaultsOf(readFileSync(file, 'utf8'));
  return Object.entries((parse(text, { merge: true }) as { services: Record<string, Service> }).services);
}

const ours = ({ image = '' }: Service): boolean => /^tidemark(-vps)?(:|$)/.test(image);

/** Our containers, as a Compose file runs them. */
export const oursComposed = (file: string): Ours[] =>
  services(file)
    .filter(([, service]) => ours(service))
    .map(([name, { command = [], environment = {}, volumes = [], stop_grace_period = USUAL_GRACE }]) => ({
      name,
      args: command,
      environment: Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, String(value)]),
      ),
      mounts: volumes.map((one) => (typeof one === 'string' ? (one.split(':')[1] ?? one) : one.target)),
      probes: [],
      graceMs: Number(/^(\d+)s$/.exec(stop_grace_period)?.[1] ?? Number.NaN) * 1_000,
    }));

/** Ports of ours that are published, or named in the settings of others. */
export function reachedComposed(file: string): Reached[] {
  const all = services(file);
  return all
    .filter(([, service]) => ours(service))
    .flatMap(([name, { ports = [] }]) => [
      ...ports.map((port) => ({ name, port: Number(port.split(':').at(-1)), by: 'a published port' })),
      ...all.flatMap(([by, { environment = {} }]) =>
        Object.values(environment).flatMap((value) => {
          const [, port] = new RegExp(`//${name}:(\\d+)`).exec(String(value)) ?? [];
          return port === undefined ? [] : { name, port: Number(port), by };
        }),
      ),
    ]);
}

export const imagesComposed = (file: string): string[] => services(file).map(([, { image = '' }]) => image);
