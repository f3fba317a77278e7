import { createReadStream, statSync } from 'node:fs';
import { type InputLine, parseLine } from '../pipeline/backtest/json-lines.js';
import { lines } from './lines.js';
import type { MetricsInput } from './metrics-input.js';
import { UsageError } from './usage-error.js';

export const DEFAULT_PARTITIONS = 4;

/** JSON lines as `tidemark log export metrics` prints them; `partitions` null: as many as the file names. */
export async function fileInput(file: string, partitions: number | null): Promise<MetricsInput> {
  const used = partitions ?? (await partitionsIn(file));
  return {
    partitions: used,
    feed: (run, { progress }) =>
      eachLine(file, progress, (text) => {
        const line = parseLine(text, used);
        if (line === null) return;
        if (line.partition !== null && line.partition >= used)
          throw new TypeError(`partition ${line.partition} is beyond the ${used} in use`);
        checkMark(line, used);
        run.push(line);
      }),
  };
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
  await eachLine(
    file,
    () => undefined,
    (text) => {
      greatest = Math.max(greatest, parseLine(text, DEFAULT_PARTITIONS)?.partition ?? -1);
    },
  );
  return greatest < 0 ? DEFAULT_PARTITIONS : greatest + 1;
}

/** Reads a file line by line; a `TypeError` of `take` is told with the place of the line. */
export async function eachLine(
  file: string,
  progress: (share: number) => void,
  take: (text: string) => void,
): Promise<void> {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const stream = createReadStream(file, 'utf8');
  let number = 0;
  try {
    for await (const text of lines(stream)) {
      number++;
      take(text);
      if (size > 0 && number % 1000 === 0) progress(Math.min(1, stream.bytesRead / size));
    }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${file}:${number} ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    throw ['ENOENT', 'EISDIR', 'EACCES'].includes(code ?? '')
      ? new UsageError(`${file} cannot be read: ${code}`)
      : error;
  }
}
