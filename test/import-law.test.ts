import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';

const planted = 'pipeline/operators/planted-import.ts';

function cruise(): { readonly code: number; readonly output: string } {
  const args = [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'pipeline',
    'platform',
  ];
  try {
    return { code: 0, output: execFileSync(process.execPath, args, { encoding: 'utf8' }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { code: status, output: stdout };
  }
}

describe('the core', () => {
  test.each([
    ['may not read a clock', 'pipeline/operators/planted.ts', 'export const at = Date.now();\n', 1],
    ['may not wait', 'pipeline/model/planted.ts', 'setTimeout(() => undefined, 1);\n', 1],
    ['may not read the environment', 'pipeline/spout/planted.ts', 'export const a = process.env.A;\n', 1],
    ['may compute', 'pipeline/operators/planted.ts', 'export const at = Math.max(1, 2);\n', 0],
  ])('%s', (_, path, input, expected) => {
    const biome = ['node_modules/@biomejs/biome/bin/biome', 'lint', `--stdin-file-path=${path}`];
    expect(spawnSync(process.execPath, biome, { input }).status).toBe(expected);
  });
});

describe('import law', () => {
  afterEach(() => rmSync(planted, { force: true }));

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
