import { createReadStream } from 'node:fs';
import { Command } from 'commander';
import { lines } from '../lines.js';
import { print } from '../process.js';
import { type Step, stepOf, traceLines } from '../trace.js';
import { UsageError } from '../usage-error.js';

const help = `
Every answer of the gateway has its id in the header X-Request-ID; a client may also send one of its own. The
steps are lines of the components' logs (JSON, on stderr) that carry it: what the gateway answered, what video
management did, the job, its encoding, and what became of it.

Examples:
  tidemark up --log-level debug 2> platform.log
  tidemark trace 3f1670e2-017f-4a35-9a53-0f1d6d3c8a55 platform.log
  docker compose logs --no-color | tidemark trace my-upload-1
  kubectl logs -n tidemark -l app.kubernetes.io/part-of=tidemark --all-containers --tail=-1 | tidemark trace my-upload-1`;

export const traceCommand = (): Command =>
  new Command('trace')
    .description('the path of one request through the components, with its times, from their logs')
    .argument('<id>', 'the X-Request-ID of the request, or the trace id of its traceparent')
    .argument('[log...]', 'files of log lines; else what comes on stdin')
    .addHelpText('after', help)
    .action(run);

async function run(id: string, files: readonly string[]): Promise<void> {
  if (id === '') throw new UsageError('the id is empty: give the X-Request-ID of a request');
  if (files.length === 0 && process.stdin.isTTY)
    throw new UsageError('no log: give files of log lines, or pipe them in (tidemark trace --help)');
  const steps: Step[] = [];
  let read = 0;
  const inputs = files.length === 0 ? [process.stdin] : files.map((file) => createReadStream(file));
  for (const input of inputs)
    for await (const line of lines(input.setEncoding('utf8') as AsyncIterable<string>)) {
      read++;
      const step = stepOf(line, id);
      if (step !== null) steps.push(step);
    }
  if (steps.length === 0)
    throw new UsageError(
      `none of ${read} lines is about the request ${id}: is it the log of that time, with the level info (of \`tidemark up\`: debug)?`,
    );
  for (const line of traceLines(steps)) await print(line);
}
