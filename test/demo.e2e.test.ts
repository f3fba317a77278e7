import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder, tidemark } from './tidemark.js';

describe.concurrent('tidemark demo', () => {
  test('shows an alert that explains itself, and its end', async () => {
    const { code, stdout, stderr } = await tidemark('demo');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/uploaded and encoded; until the demo ends it plays at http:\S+\/video\.mpd/);
    expect(stdout).toMatch(
      /FIRING +warning LatencyAboveBaseline gateway GET \/vms\/videos \S+ > 3 x \S+ \([\d.]+x\) rate \S+ -> \S+\/s.* n=\d+ demo\.yaml:\d+/,
    );
    expect(stdout).toMatch(/RESOLVED warning LatencyAboveBaseline gateway GET \/vms\/videos \S+ after \d+s/);
  });

  test('exits 1 and says that nothing fired where no rule is broken', async () => {
    using folder = temporaryFolder();
    const sla = join(folder.path, 'calm.yaml');
    writeFileSync(sla, 'version: 1\nslas:\n  - alert: Never\n    when: mean_latency > 1h\n');
    const { code, stdout } = await tidemark('demo', '--sla', sla);
    expect(code).toBe(1);
    expect(stdout).toContain('Nothing fired');
  });
});
