import { z } from 'zod';
import { formatTable, grouped } from './table.js';

/** Below this share of the stored throughput it is a loss. */
export const LEAST = 0.85;

const machine = z.object({ cpu: z.string(), cpus: z.number(), node: z.string() });
export type Machine = z.output<typeof machine>;

/** What a comparison needs of a result. */
const result = z.object({
  machine,
  throughput: z.array(z.object({ name: z.string(), records: z.number(), cpu: z.number() })).readonly(),
});
export type Result = z.output<typeof result>;

export interface Ratio {
  readonly name: string;
  /** Records per CPU-second. */
  readonly before: number;
  readonly now: number;
  readonly ratio: number;
}

/** A result that cannot be compared with. */
export class CompareError extends Error {
  override readonly name = 'CompareError';
}

/** Reads what `--json` printed. Throws `CompareError` naming the file. */
export function readResult(text: string, file: string): Result {
  const read = result.safeParse(json(text, file));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new CompareError(
    `${file} is no result of this benchmark: ${issue?.path.join('.')}: ${issue?.message}; write one with --json`,
  );
}

function json(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CompareError(`${file} is no JSON: write it with --json`, { cause });
  }
}

/** Throws `CompareError` where the stored one is of a machine of another class. */
export function checkMachine(now: Machine, { machine: before }: Result, file: string): void {
  const differing = (['cpu', 'cpus', 'node'] as const).filter((what) => now[what] !== before[what]);
  if (differing.length === 0) return;
  const how = differing.map((what) => `${what} ${before[what]} there, ${now[what]} here`).join('; ');
  throw new CompareError(
    `${file} was measured on a machine of another class (${how}): measure it anew here, with --json`,
  );
}

/** Of the phases that both have; throws `CompareError` where there are none. */
export function compare(
  now: Pick<Result, 'throughput'>,
  before: Pick<Result, 'throughput'>,
): readonly Ratio[] {
  const stored = new Map(before.throughput.map((one) => [one.name, one.records / one.cpu]));
  const ratios = now.throughput.flatMap(({ name, records, cpu }) => {
    const was = stored.get(name);
    return was === undefined ? [] : [{ name, before: was, now: records / cpu, ratio: records / cpu / was }];
  });
  if (ratios.length === 0) throw new CompareError('the two results have no phase in common');
  return ratios;
}

export const losses = (ratios: readonly Ratio[]): readonly Ratio[] =>
  ratios.filter(({ ratio }) => ratio < LEAST);

export const formatComparison = (ratios: readonly Ratio[]): string =>
  formatTable([
    ['records per CPU-second', 'before', 'now', 'ratio', ''],
    ...ratios.map((one) => [
      one.name,
      grouped(one.before),
      grouped(one.now),
      `${one.ratio.toFixed(2)}x`,
      one.ratio < LEAST ? `below ${LEAST}` : '',
    ]),
  ]);
