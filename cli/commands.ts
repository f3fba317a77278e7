import type { Command } from 'commander';
import { backtestCommand } from './commands/backtest.js';
import { checkCommand } from './commands/check.js';
import { demoCommand } from './commands/demo.js';
import { explainCommand } from './commands/explain.js';
import { importCommand } from './commands/import.js';
import { loadCommand } from './commands/load.js';
import { logCommand } from './commands/log.js';
import { alertsCommand, windowsCommand } from './commands/read.js';
import { reportCommand } from './commands/report.js';
import { schemaCommand } from './commands/schema.js';
import { statsCommand } from './commands/stats.js';
import { testCommand } from './commands/test.js';
import { traceCommand } from './commands/trace.js';
import { upCommand } from './commands/up.js';
import type { ComponentCommand } from './component.js';
import { gatewayCommand } from './components/gateway.js';
import { notifyCommand } from './components/notify.js';
import { pipelineCommand } from './components/pipeline.js';
import { spoutCommand } from './components/spout.js';
import { viewCommand } from './components/view.js';
import { vmsCommand } from './components/vms.js';
import { vpsCommand } from './components/vps.js';

// What a command needs is imported when it runs, so that the others start fast.

/** The components of the cluster. */
export const componentCommands = (): ComponentCommand[] => [
  gatewayCommand(),
  vmsCommand(),
  vpsCommand(),
  spoutCommand(),
  pipelineCommand(),
  viewCommand(),
  notifyCommand(),
];

/** Every command of `tidemark`. */
export const allCommands = (): Command[] => [
  upCommand(),
  demoCommand(),
  loadCommand(),
  alertsCommand(),
  explainCommand(),
  windowsCommand(),
  statsCommand(),
  traceCommand(),
  checkCommand(),
  schemaCommand(),
  testCommand(),
  importCommand(),
  backtestCommand(),
  reportCommand(),
  logCommand(),
  ...componentCommands(),
];
