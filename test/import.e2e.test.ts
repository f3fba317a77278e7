import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder, tidemark } from './tidemark.js';

const alerts = (...exprs: readonly string[]): string =>
  `groups:\n- name: g\n  rules:\n${exprs.map((expr, n) => `  - alert: A${n}\n    expr: ${expr}\n`).join('')}`;

test('alerts of Prometheus become a rule file that tidemark takes, or it is said why not', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'rules.yml');
  const imported = async (text: string) => {
    writeFileSync(file, text);
    return tidemark('import', 'prometheus', file);
  };
  const all = await imported(alerts('sum by (job) (rate(http_requests_total[5m])) > 100'));
  expect([all.code, all.stderr]).toEqual([0, `${file}: 1 alerts converted, 0 not, 0 notes\n`]);
  const sla = join(folder.path, 'sla.yaml');
  writeFileSync(sla, all.stdout);
  expect((await tidemark('check', sla)).stdout).toMatch(/1 rules, 1 selections/);

  const some = await imported(alerts('predict_linear(g[5m], 60) < 0', 'max(g) > 1'));
  expect([some.code, some.stdout.includes('alert: A1')]).toEqual([1, true]);
  expect(some.stderr).toContain(`${file}:5:11 alert A0: predict_linear() has no counterpart\n`);

  const none = await imported(alerts('sum(', 'max(g) > 1'));
  expect([none.code, none.stdout]).toEqual([2, '']);
  expect(none.stderr).toMatch(new RegExp(`^${file}:5:15 alert A0: "sum\\(" is no PromQL`));
  expect(await tidemark('import', 'prometheus', join(folder.path, 'none.yml'))).toMatchObject({ code: 2 });
});
