// Compiles into dist/ and puts beside the code what it reads: the Avro schemas, and the files of the page.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
for (const project of ['tsconfig.build.json', 'pipeline/view/page/tsconfig.json']) {
  const run = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) process.exit(run.status ?? 1);
}
mkdirSync(join(root, 'dist', 'schemas'), { recursive: true });
for (const file of readdirSync(join(root, 'schemas'))) {
  if (file.endsWith('.avsc')) cpSync(join(root, 'schemas', file), join(root, 'dist', 'schemas', file));
}
chmodSync(join(root, 'dist', 'cli', 'main.js'), 0o755);
const page = ['pipeline', 'view', 'page'];
for (const file of ['index.html', 'style.css', 'marks.css', 'icon.svg'])
  cpSync(join(root, ...page, file), join(root, 'dist', ...page, file));
const uplot = join(root, 'node_modules', 'uplot', 'dist');
cpSync(join(uplot, 'uPlot.esm.js'), join(root, 'dist', ...page, 'vendor', 'uplot.js'));
// Without its debug build, DRM and Smooth Streaming: nothing here uses them.
const dash = join(root, 'node_modules', 'dashjs', 'dist', 'modern', 'esm');
for (const [from, to] of [
  ['dash.mediaplayer.min.js', 'dash.js'],
  ['dash.mediaplayer.min.js.LICENSE.txt', 'dash.LICENSE.txt'],
])
  cpSync(join(dash, from), join(root, 'dist', ...page, 'vendor', to));
cpSync(
  join(root, 'node_modules', 'tus-js-client', 'dist', 'tus.min.js'),
  join(root, 'dist', ...page, 'vendor', 'tus.js'),
);
cpSync(join(uplot, 'uPlot.min.css'), join(root, 'dist', ...page, 'vendor', 'uplot.css'));
