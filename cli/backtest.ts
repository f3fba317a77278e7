import type { Bounds } from '../pipeline/backtest/between.js';
import { changesOf } from '../pipeline/backtest/changes.js';
import { printLine } from '../pipeline/backtest/json-lines.js';
import { greatestGrace, longestWindow, lookBack } from '../pipeline/backtest/look-back.js';
import { feedAll, Run, type RunOptions } from '../pipeline/backtest/run.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { LOOKBACK } from '../pipeline/model/watermarks.js';
import { utc } from '../pipeline/report/text.js';
import { topics } from '../pipeline/stage/stage.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { alertTable, changeLine, changeTable, gapLine } from './backtest-table.js';
import { type MetricsInput, wantedFor } from './metrics-input.js';
import type { Progress } from './progress.js';
import { duration, formatAlert, formatWindow } from './terminal.js';

interface Backtest {
  readonly input: MetricsInput;
  readonly bounds: Bounds;
  /** Those of the pipeline. */
  readonly limits: RunOptions['limits'];
  readonly progress: Progress;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

export interface BacktestCommand extends Backtest {
  readonly rules: RuleSet;
  readonly windows: boolean;
  readonly output: 'table' | 'text' | 'json';
}

export interface DiffCommand extends Backtest {
  readonly old: RuleSet;
  readonly new: RuleSet;
  readonly output: 'table' | 'json';
}

type Tell = RunOptions['tell'];

/** Judges recorded metrics by the rules, with the live operators, and says what they give. */
export async function backtest(command: BacktestCommand): Promise<void> {
  const { rules, output, print, warn } = command;
  const tell = output === 'table' ? () => undefined : printing({ ...command, output });
  const run = runOf(command, rules, tell);
  await feed(command, [run]);
  if (output === 'table') {
    const names = rules.rules.map(({ name }) => name);
    for (const line of alertTable(run.episodes, names, endOf(command, run))) print(line);
  }
  sayGaps(command, run, rules);
  warn(`records: ${accountOf(run)}; alerts: ${run.alerts}`);
}

/** Judges the same metrics by two rule files in one pass, and says which alerts differ; how many those are. */
export async function diff(command: DiffCommand): Promise<number> {
  const { old, new: other, output, print, warn } = command;
  const runs = [old, other].map((rules) => runOf(command, rules, () => undefined)) as [Run, Run];
  const [before, after] = runs;
  await feed(command, runs);
  const changes = changesOf(before.episodes, after.episodes);
  const lines = output === 'json' ? changes.map(changeLine) : changeTable(changes, endOf(command, before));
  for (const line of lines) print(line);
  sayGaps(command, before, old);
  warn(
    `records: ${accountOf(before)}, by ${other.file} ${accountOf(after)}; ` +
      `alerts that fired: ${before.episodes.length} by ${old.file}, ${after.episodes.length} by ${other.file}`,
  );
  return changes.length;
}

const runOf = ({ input, bounds, limits, warn }: Backtest, rules: RuleSet, tell: Tell): Run =>
  new Run({
    ...{ rules, codec: embeddedCodec(), partitions: input.partitions, limits, bounds, warn, tell },
    ...(input.metrics === undefined ? {} : { metrics: input.metrics }),
  });

async function feed({ input, bounds, progress }: Backtest, runs: readonly Run[]): Promise<void> {
  const wanted = wantedFor(bounds, {
    lookBack: Math.max(...runs.map(({ rules }) => lookBack(rules))),
    grace: Math.max(...runs.map(({ rules }) => greatestGrace(rules))),
  });
  try {
    await input.feed(feedAll(runs), { ...wanted, progress: progress.share });
  } finally {
    progress.clear();
  }
  for (const run of runs) run.end();
}

/** Prints windows and transitions as they come. */
function printing({
  windows,
  output,
  print,
}: Pick<BacktestCommand, 'windows' | 'print'> & { readonly output: 'text' | 'json' }): Tell {
  const offsets = { windows: 0, alerts: 0 };
  return ({ key, record }) => {
    const topic = record.type === 'WindowRecord' ? topics.windows : topics.alerts;
    const offset = offsets[topic]++;
    if (topic === topics.windows && !windows) return;
    if (output === 'json') print(printLine({ topic, partition: 0, offset, key }, record));
    else if (record.type === 'WindowRecord') print(formatWindow(record.value));
    else if (record.type === 'AlertRecord') print(formatAlert(record.value));
  };
}

const endOf = ({ bounds }: Backtest, { coverage }: Run): number =>
  Math.min(bounds.to, coverage.last ?? bounds.to);

const accountOf = ({ account }: Run): string =>
  Object.entries(account)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'none';

/** What could not be judged as it would have been live, since the data are not there. */
function sayGaps({ bounds, warn }: Backtest, { coverage }: Run, rules: RuleSet): void {
  const { first } = coverage;
  if (first === null) {
    warn('no data: nothing was judged; is it the right source, and do the rules name its metrics?');
    return;
  }
  const lead = lookBack(rules);
  const missing = first - (bounds.from - lead);
  // Nothing can be there before the first window is whole.
  if (bounds.from > Number.NEGATIVE_INFINITY && missing > 2 * LOOKBACK + longestWindow(rules))
    warn(
      `the data begin at ${utc(first)}: of the ${duration(lead)} before --from that the rules look back, ` +
        `${duration(Math.min(missing, lead))} are missing; baselines and alerts may differ at first`,
    );
  for (const gap of coverage.gaps(bounds)) warn(gapLine(gap));
}
