import type { Bounds } from '../pipeline/backtest/between.js';
import { parseResult, type Result } from '../pipeline/backtest/json-lines.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { printable } from '../pipeline/model/text.js';
import { MAX_SKEW } from '../pipeline/model/watermarks.js';
import { reportHtml } from '../pipeline/report/html.js';
import { type Report, Reporter, type Standing } from '../pipeline/report/report.js';
import { brokenText, budgetText, minutes, percent, utc } from '../pipeline/report/text.js';
import { topics } from '../pipeline/stage/stage.js';
import type { Decoded } from '../platform/codec/codec.js';
import { loadUnknown } from '../platform/codec/load.js';
import { gapLine } from './backtest-table.js';
import type { LogSource } from './cluster.js';
import { batchesOf, partsOf } from './log-parts.js';
import { eachLine } from './metrics-file.js';
import type { Progress } from './progress.js';
import { table } from './table.js';
import { groupValues } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Windows and transitions, wherever they are. */
export interface ResultsInput {
  /** The greatest end of a window, ms since the epoch; null where that is as good as now. */
  last(): Promise<number | null>;
  alerts(take: (result: Result) => void): Promise<void>;
  /** Those that may lie behind the time, ms since the epoch; told of the share that was read. */
  windows(from: number, take: (result: Result) => void, progress: Progress['share']): Promise<void>;
}

export interface ReportCommand {
  readonly rules: RuleSet;
  readonly input: ResultsInput;
  /** ms */
  readonly period: number;
  /** Its end, ms since the epoch. */
  readonly to: number;
  readonly objective: number | null;
  readonly worst: number;
  readonly output: 'table' | 'json' | 'html';
  readonly progress: Progress;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

/** Sums up how the rules were kept over a period, from the windows and alerts that a pipeline wrote. */
export async function report(command: ReportCommand): Promise<void> {
  const { rules, input, period, to, objective, worst, output, progress, print, warn } = command;
  const bounds: Bounds = { from: to - period, to };
  const reporter = new Reporter({ rules, bounds, objective, worst });
  try {
    await input.alerts(({ type, value }) => {
      if (type === 'AlertRecord') reporter.takeAlert(value);
    });
    const take = ({ type, value }: Result): void => {
      if (type === 'WindowRecord') reporter.takeWindow(value);
    };
    await input.windows(bounds.from, take, progress.share);
  } finally {
    progress.clear();
  }
  const found = reporter.report();
  const notes = notesOf(found, rules.file);
  if (output === 'json') print(JSON.stringify(found));
  else if (output === 'html') print(reportHtml(found, { file: rules.file, notes }).trimEnd());
  else for (const line of reportTable(found)) print(line);
  if (output !== 'html') for (const note of notes) warn(note);
}

/** What a reader has to know of it: what is not there, and what was left out. */
function notesOf({ first, last, gaps, others }: Report, file: string): string[] {
  const left = [
    [others.windows, 'windows'],
    [others.alerts, 'transitions'],
  ] as const;
  return [
    first === null || last === null
      ? 'no windows of these rules: nothing was judged'
      : `windows from ${utc(first)} to ${utc(last)}`,
    ...gaps.map(gapLine),
    ...left.flatMap(([count, what]) =>
      count === 0
        ? []
        : [`${count} ${what} of rules that are not in ${file}, or were others then, are left out`],
    ),
  ];
}

const columns = [
  { title: 'RULE' },
  { title: 'GROUP' },
  ...['HELD', 'WINDOWS', 'OBJECTIVE', 'BUDGET LEFT', 'ALERTS', 'FIRING', 'MTTR'].map((title) => ({
    title,
    right: true as const,
  })),
  { title: 'WORST WINDOW' },
];

function reportTable({ standings }: Report): string[] {
  return table(columns, standings.map(rowOf));
}

function rowOf(one: Standing): string[] {
  const objective = one.objective === null ? '' : percent(one.objective);
  const met = one.met === null ? '' : one.met ? ' met' : ' missed';
  const [worst] = one.worst;
  return [
    ...[
      printable(one.rule),
      groupValues(one.group).join(' ') || '{}',
      percent(one.share),
      String(one.judged),
    ],
    ...[`${objective}${met}`, budgetText(one.budgetLeft), String(one.alerts)],
    ...[minutes(one.firing), minutes(one.mttr)],
    worst === undefined ? '' : `${utc(worst.end)} ${brokenText(one, worst)}`,
  ];
}

/** JSON lines as an export or a backtest prints them; read twice or more, since alerts are needed first. */
export function fileResults(file: string): ResultsInput {
  const each = (take: (result: Result) => void, share: Progress['share'] = () => undefined): Promise<void> =>
    eachLine(file, share, (text) => {
      const result = parseResult(text);
      if (result) take(result);
    });
  return {
    last: async () => {
      let last: number | null = null;
      await each(({ type, value }) => {
        if (type === 'WindowRecord') last = Math.max(last ?? value.end, value.end);
      });
      if (last === null)
        throw new UsageError(
          `${file} has no windows: print them with \`tidemark log export windows\`, or \`tidemark backtest --windows -o json\``,
        );
      return last;
    },
    alerts: (take) => each(take),
    windows: (_, take, share) => each(take, share),
  };
}

/** The topics `windows` and `alerts` of a log. */
export function logResults(
  { log, codec }: Pick<LogSource, 'log' | 'codec'>,
  warn: (line: string) => void,
): ResultsInput {
  const each = async (
    { topic, from }: { readonly topic: string; readonly from: number },
    take: (result: Result) => void,
    progress: Progress['share'],
  ): Promise<void> => {
    const parts = await partsOf(log, topic);
    const all = parts.reduce((sum, { start, end }) => sum + end - start, 0);
    let before = 0;
    for (const part of parts) {
      const { partition, end } = part;
      const start = Math.max(part.start, await log.offsetAt(topic, partition, Math.max(0, from)));
      for await (const batch of batchesOf(log, { ...part, start })) {
        await loadUnknown(codec, batch, (id) => codec.load(id));
        while (batch.advance() && batch.offset < end) {
          const decoded = decodedOr(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
          if (typeof decoded === 'string') warn(`${topic}/${partition} offset ${batch.offset}: ${decoded}`);
          else if (decoded.type === 'WindowRecord' || decoded.type === 'AlertRecord') take(decoded);
        }
        progress(Math.min(1, (before + batch.next - part.start) / all));
      }
      before += end - part.start;
    }
  };
  const decodedOr = (value: Buffer): Decoded | string => {
    try {
      return codec.decode(value);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  return {
    last: () => Promise.resolve(null),
    // An alert may fire since long before.
    alerts: (take) => each({ topic: topics.alerts, from: 0 }, take, () => undefined),
    // Nothing is appended before it happened, by clocks that may be so far apart.
    windows: (from, take, progress) => each({ topic: topics.windows, from: from - MAX_SKEW }, take, progress),
  };
}
