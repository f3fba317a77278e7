import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClusterResult } from './cluster.js';
import type { Counted } from './cost.js';
import type { EngineOptions, EngineResult } from './engine-alone.js';
import type { LatencyResult } from './latency.js';
import type { ClusterOptions } from './logs.js';
import type { OverLogResult } from './over-log.js';
import type { VisibleResult } from './visible.js';
import type { WorkloadOptions } from './workload.js';

/** `path`: folder of the log. */
type InFolder = EngineOptions & { readonly path: string };
/** `prefix`: what its topics and groups begin with. */
export type OnCluster = EngineOptions & ClusterOptions & { readonly prefix: string };

/** What runs in a process of its own, so that none warms up or fills the memory of another. */
export interface Phases {
  readonly avsc: { readonly options: WorkloadOptions; readonly result: Counted };
  readonly engine: { readonly options: EngineOptions; readonly result: EngineResult };
  readonly fill: { readonly options: InFolder; readonly result: null };
  readonly log: { readonly options: InFolder; readonly result: OverLogResult };
  readonly latency: { readonly options: { readonly path: string }; readonly result: LatencyResult };
  readonly visible: { readonly options: { readonly path: string }; readonly result: VisibleResult };
  readonly cluster: { readonly options: ClusterOptions; readonly result: ClusterResult };
  readonly clusterFill: { readonly options: OnCluster; readonly result: null };
  readonly clusterLog: { readonly options: OnCluster; readonly result: OverLogResult };
}

const file = fileURLToPath(new URL('./run-phase.js', import.meta.url));

/** `profile`: where its CPU profile goes; null for none. */
export function runPhase<Name extends keyof Phases>(
  name: Name,
  options: Phases[Name]['options'],
  profile: string | null,
): Promise<Phases[Name]['result']> {
  return new Promise((resolve, reject) => {
    const args = [file, name, JSON.stringify(options), ...(profile === null ? [] : [profile])];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      if (error) reject(new Error(`${name}: ${stderr}`, { cause: error }));
      else resolve(JSON.parse(stdout) as Phases[Name]['result']);
    });
  });
}
