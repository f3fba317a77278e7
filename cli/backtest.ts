import { createReadStream, statSync } from 'node:fs';
import { type InputLine, parseLine, printLine } from '../pipeline/backtest/json-lines.js';
import { Topology } from '../pipeline/backtest/topology.js';
import { type Produced, topics } from '../pipeline/stage/stage.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { lines } from './lines.js';
import { loadRules } from './rules.js';
import { formatAlert, formatWindow } from './terminal.js';
import { UsageError } from './usage-error.js';

export interface BacktestCommand {
  readonly sla: string;
  readonly file: string;
  readonly windows: boolean;
  readonly partitions: number | null;
  /** Those of the pipeline. */
  readonly limits: { readonly maxSeries: number; readonly maxGroups: number };
  readonly output: 'text' | 'json';
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

const DEFAULT_PARTITIONS = 4;

/** Judges the metrics of a file by the rules, with the live operators. */
export async function backtest({
  sla,
  file,
  windows,
  partitions,
  limits,
  output,
  print,
  warn,
}: BacktestCommand): Promise<void> {
  const rules = loadRules(sla);
  const used = partitions ?? (await partitionsIn(file));
  const offsets = { windows: 0, alerts: 0 };
  const emit = ({ topic, key, record }: Produced): void => {
    if (topic !== topics.windows && topic !== topics.alerts) return;
    const offset = offsets[topic]++;
    if (topic === topics.windows && !windows) return;
    if (output === 'json') print(printLine({ topic, partition: 0, offset, key }, record));
    else if (record.type === 'WindowRecord') print(formatWindow(record.value));
    else if (record.type === 'AlertRecord') print(formatAlert(record.value));
  };
  const run = new Topology({
    codec: embeddedCodec(),
    rules,
    partitions: used,
    ...limits,
    warn,
    emit,
  });
  await eachLine(file, used, (line) => {
    if (line.partition !== null && line.partition >= used)
      throw new TypeError(`partition ${line.partition} is beyond the ${used} in use`);
    checkMark(line, used);
    run.push(line);
  });
  run.flush();
  const counted = Object.entries(run.account).filter(([, count]) => count > 0);
  warn(
    `records: ${counted.map(([name, count]) => `${count} ${name}`).join(', ') || 'none'}; alerts: ${offsets.alerts}`,
  );
}

/** Windows would close without the partitions beyond, and what those have would be left out. */
function checkMark({ partition, record }: InputLine, used: number): void {
  if (partition !== null || record.type !== 'Watermark' || record.value.partitions >= used) return;
  const { partitions } = record.value;
  throw new TypeError(
    `the watermark goes to all ${used} partitions in use, but says that there are ${partitions}: leave its partitions out, or say --partitions ${partitions}`,
  );
}

/** One more than the greatest partition that a line names; the file is read to its end for that. */
async function partitionsIn(file: string): Promise<number> {
  if (statSync(file, { throwIfNoEntry: false })?.isFIFO())
    throw new UsageError(
      `${file} can be read only once: say how many partitions there are with --partitions`,
    );
  let greatest = -1;
  await eachLine(file, DEFAULT_PARTITIONS, ({ partition }) => {
    greatest = Math.max(greatest, partition ?? -1);
  });
  return greatest < 0 ? DEFAULT_PARTITIONS : greatest + 1;
}

async function eachLine(file: string, partitions: number, take: (line: InputLine) => void): Promise<void> {
  let number = 0;
  try {
    for await (const text of lines(createReadStream(file, 'utf8'))) {
      number++;
      const line = parseLine(text, partitions);
      if (line) take(line);
    }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${file}:${number} ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    throw ['ENOENT', 'EISDIR', 'EACCES'].includes(code ?? '')
      ? new UsageError(`${file} cannot be read: ${code}`)
      : error;
  }
}
