import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

/** A forbidden import for each: where, what, and the law that it breaks. */
const forbidden = [
  ['pipeline/operators', '../../platform/log/lmdb/log.js', 'operators-import-only-model-and-record-types'],
  ['pipeline/model', '../sla/duration.js', 'model-imports-nothing-of-ours-but-record-types'],
  ['pipeline/model', 'node:fs', 'core-imports-only-rxjs-and-what-computes'],
  ['pipeline/operators', 'undici', 'core-imports-only-rxjs-and-what-computes'],
  ['pipeline/stage', 'lmdb', 'a-store-or-tool-is-used-by-its-adapter-alone'],
  ['pipeline/evaluate', '../aggregate/aggregate.js', 'stages-never-import-each-other'],
  ['pipeline/spout', '../../platform/scrape/http-scrape.js', 'nobody-but-cli-imports-an-adapter'],
  ['pipeline/sla', '../../gateway/routes.js', 'pipeline-never-imports-the-watched-system'],
  ['platform/http', '../../pipeline/model/text.js', 'platform-knows-no-product'],
  ['platform/http', '../store/redis/store.js', 'ports-know-no-adapter'],
  ['pipeline/view', '../../platform/codec/registry.js', 'nobody-but-cli-imports-an-adapter'],
  ['pipeline/notify', '../view/view.js', 'stages-never-import-each-other'],
  ['pipeline/notify', '../../platform/http/http-post.js', 'nobody-but-cli-imports-an-adapter'],
  ['video/vms', '../../platform/store/redis/store.js', 'nobody-but-cli-imports-an-adapter'],
  ['gateway', '../platform/log/kafka/log.js', 'nobody-but-cli-imports-an-adapter'],
  ['pipeline/stage', 'kafkajs', 'a-store-or-tool-is-used-by-its-adapter-alone'],
] as const;
const planted = forbidden.map(([folder], n) => `${folder}/planted-import-${n}.ts`);

function cruise(): { readonly code: number; readonly output: string } {
  const args = [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'pipeline',
    'platform',
    'gateway',
    'video',
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
    for (const file of planted) rmSync(file, { force: true });
  });

  test('finds every import that is forbidden', () => {
    for (const [n, [, what]] of forbidden.entries())
      writeFileSync(planted[n] ?? '', `import * as planted from '${what}';\n\nexport default planted;\n`);
    const { code, output } = cruise();
    expect(code).not.toBe(0);
    for (const [n, [, , law]] of forbidden.entries()) expect(output).toContain(`${law}: ${planted[n]}`);
  });

  test('holds, over a number of modules that is not 0', () => {
    const { code, output } = cruise();
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/no dependency violations found \([1-9]\d+ modules/),
    ]);
  });
});
