#!/usr/bin/env node
import { Command } from 'commander';
import { allCommands } from './commands.js';
import { exitCodeOf, explain } from './failure.js';
import { boundHeap } from './heap.js';
import { endOnSignals, warn } from './process.js';
import { unknownVariables } from './variables.js';

const exits = `
Exit codes: 0 all went well; 1 it could not be done, or nothing fired in a demo; 2 a mistake in what was
given: an option, a rule file, a line of a file.`;

/** Subcommands inherit nothing that is set after they are made, so each is told. */
function finish(command: Command): Command {
  command.showHelpAfterError().exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const one of command.commands) finish(one);
  return command;
}

function fail(error: unknown): void {
  warn(explain(error));
  process.exitCode = exitCodeOf(error);
}

boundHeap();
endOnSignals();

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader, `head` for one, has seen enough.
  if (error.code === 'EPIPE') process.exit(0);
  fail(error);
  process.exit();
});

for (const line of unknownVariables(process.env)) warn(line);
const program = new Command('tidemark')
  .description('SLA monitoring as a stream: metrics in, windows, violations that explain themselves.')
  .addHelpText('after', exits);
for (const command of allCommands()) program.addCommand(command);
await finish(program).parseAsync().catch(fail);
