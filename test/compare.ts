import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { partitionOf } from '../pipeline/model/murmur2.js';
import { groupText } from '../pipeline/model/text.js';
import { tidemark } from './tidemark.js';

export interface Line {
  readonly topic: string;
  readonly partition: number;
  readonly value: { readonly group?: Record<string, string>; readonly labels?: Record<string, string> };
}

/** What the live platform wrote, by partition, and what a backtest over its metrics gives. */
export async function compare(
  data: string,
  sla: string,
): Promise<{ live: string[][]; again: string[][]; alerts: number; account: string }> {
  const metrics = join(data, 'metrics.jsonl');
  writeFileSync(metrics, (await tidemark('log', 'export', 'metrics', '--data', data)).stdout);
  const exported = { windows: await exportOf(data, 'windows'), alerts: await exportOf(data, 'alerts') };
  const run = await tidemark('backtest', sla, '--file', metrics, '--windows', '-o', 'json');
  expect(run.code, run.stderr).toBe(0);
  const backtested = lines(run.stdout);
  const live: string[][] = [];
  const again: string[][] = [];
  for (const topic of ['windows', 'alerts'] as const) {
    for (let partition = 0; partition < 4; partition++) {
      const mine = backtested.filter(
        (line) => line.topic === topic && partitionOf(groupOf(line), 4) === partition,
      );
      live.push(
        exported[topic]
          .filter((line) => line.partition === partition)
          .map(({ value }) => JSON.stringify(value)),
      );
      again.push(mine.map(({ value }) => JSON.stringify(value)));
    }
  }
  return { live, again, alerts: exported.alerts.length, account: run.stderr };
}

/** A topic of a data folder, line by line. */
export const exportOf = async (data: string, topic: string): Promise<Line[]> =>
  lines((await tidemark('log', 'export', topic, '--data', data)).stdout);

const lines = (text: string): Line[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const groupOf = ({ value }: Line): string => groupText(value.group ?? { route: value.labels?.route ?? '' });
