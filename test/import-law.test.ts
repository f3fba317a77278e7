import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

const planted = 'pipeline/operators/planted-import.ts';
const elsewhere = [
  'pipeline/view',
  'pipeline/stage',
  'video/vms',
  'video/jobs',
  'gateway',
  'platform/http',
].map((folder) => `${folder}/planted-import.ts`);

function cruise(): { readonly code: number; readonly output: string } {
  const args = [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'pipeline',
    'platform',
    'video',
    'gateway',
  ];
  try {
    return { code: 0, output: execFileSync(process.execPath, args, { encoding: 'utf8' }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { code: status, output: stdout };
  }
}

describe('the core', () => {
  const files = ['operators', 'model', 'spout'].map((folder) => `pipeline/${folder}/planted-use.ts`);
  afterEach(() => {
    for (const file of files) rmSync(file, { force: true });
  });

  test('may read no clock and no environment, and not wait', () => {
    const [operator = '', model = '', spout = ''] = files;
    writeFileSync(operator, 'export const at = Date.now();\n');
    writeFileSync(model, 'setTimeout(() => undefined, 1);\n');
    writeFileSync(spout, 'export const a = process.env.A;\n');
    const biome = ['node_modules/@biomejs/biome/bin/biome', 'lint', '--reporter=github', ...files];
    const { status, stdout } = spawnSync(process.execPath, biome, { encoding: 'utf8' });
    expect(status).toBe(1);
    const found = [...stdout.matchAll(/title=lint\/style\/(\w+),file=([^,]+)/g)].map(([, rule, file]) => [
      relative('.', file ?? ''),
      rule,
    ]);
    expect(found.sort()).toEqual(
      [
        [operator, 'noRestrictedGlobals'],
        [model, 'noRestrictedGlobals'],
        [spout, 'noProcessEnv'],
      ].sort(),
    );
  });
});

describe('import law', () => {
  afterEach(() => {
    for (const file of [planted, ...elsewhere]) rmSync(file, { force: true });
  });

  test('finds the adapters of the cluster wherever they are imported', () => {
    for (const file of elsewhere) {
      const up = '../'.repeat(file.split('/').length - 1);
      const adapters = ['store/redis/store', 'codec/registry', 'codec/registry-client'];
      writeFileSync(file, adapters.map((one) => `import '${up}platform/${one}.js';\n`).join(''));
    }
    const { code, output } = cruise();
    expect(code).not.toBe(0);
    const found = [
      ...output.matchAll(/(?:nobody-but-cli-imports-an-adapter|ports-know-no-adapter): (\S+) → (\S+)/g),
    ];
    expect(found.map(([, from, to]) => `${from} ${to}`).sort()).toEqual(
      elsewhere
        .flatMap((file) =>
          ['store/redis/store', 'codec/registry', 'codec/registry-client'].map(
            (one) => `${file} platform/${one}.ts`,
          ),
        )
        .sort(),
    );
  });

  test('finds an operator that imports an adapter', () => {
    writeFileSync(
      planted,
      "import { lmdbLog } from '../../platform/log/lmdb/log.js';\n\nexport const planted = lmdbLog;\n",
    );
    const { code, output } = cruise();
    expect(code).not.toBe(0);
    expect(output).toContain(`operators-import-only-model-and-record-types: ${planted}`);
  });

  test('holds, over a number of modules that is not 0', () => {
    rmSync(planted, { force: true });
    const { code, output } = cruise();
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/no dependency violations found \([1-9]\d+ modules/),
    ]);
  });
});
