import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { partitionOf } from '../pipeline/model/murmur2.js';
import { groupText } from '../pipeline/model/text.js';
import type { Json } from '../platform/codec/json.js';
import type { RecordName } from '../schemas/index.js';
import { temporaryFolder, tidemark } from './tidemark.js';

export interface Line {
  readonly topic: string;
  readonly partition: number;
  readonly type: RecordName;
  readonly value: { readonly [key: string]: Json };
}

/** What the live platform wrote, by partition, and what a backtest over its metrics gives. */
export async function compare(
  data: string,
  sla: string,
): Promise<{ live: string[][]; again: string[][]; alerts: number; account: string }> {
  const { lines: backtested, account } = await backtest(['--data', data], sla);
  const exported = { windows: await exportOf(data, 'windows'), alerts: await exportOf(data, 'alerts') };
  const live: string[][] = [];
  const again: string[][] = [];
  for (const topic of ['windows', 'alerts'] as const) {
    for (let partition = 0; partition < 4; partition++) {
      const own = (line: Line): boolean => line.topic === topic && line.partition === partition;
      live.push(exported[topic].filter(own).map(({ value }) => JSON.stringify(value)));
      again.push(backtested.filter(own).map(({ value }) => JSON.stringify(value)));
    }
  }
  return { live, again, alerts: exported.alerts.length, account };
}

/** What a backtest gives over the metrics that are exported, each line with the partition of its group. */
export async function backtest(
  from: readonly string[],
  sla: string,
): Promise<{ readonly lines: readonly Line[]; readonly account: string }> {
  using folder = temporaryFolder();
  const metrics = join(folder.path, 'metrics.jsonl');
  writeFileSync(metrics, await exported(from, 'metrics'));
  const run = await tidemark('backtest', sla, '--file', metrics, '--windows', '-o', 'json');
  expect(run.code, run.stderr).toBe(0);
  const lines = parsed(run.stdout).map((line) => ({ ...line, partition: partitionOf(groupOf(line), 4) }));
  return { lines, account: run.stderr };
}

async function exported(from: readonly string[], topic: string): Promise<string> {
  const { code, stdout, stderr } = await tidemark('log', 'export', topic, ...from);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** A topic of a data folder, line by line. */
export const exportOf = async (data: string, topic: string): Promise<Line[]> =>
  parsed(await exported(['--data', data], topic));

const parsed = (text: string): Line[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

function groupOf({ value }: Line): string {
  const { group, labels } = value as {
    readonly group?: Record<string, string>;
    readonly labels?: Record<string, string>;
  };
  return groupText(group ?? { route: labels?.route ?? '' });
}
