// Compiles into dist/ and puts the Avro schemas beside the code that reads them.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const run = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (run.status !== 0) process.exit(run.status ?? 1);
mkdirSync(join(root, 'dist', 'schemas'), { recursive: true });
for (const file of readdirSync(join(root, 'schemas'))) {
  if (file.endsWith('.avsc')) cpSync(join(root, 'schemas', file), join(root, 'dist', 'schemas', file));
}
chmodSync(join(root, 'dist', 'cli', 'main.js'), 0o755);
