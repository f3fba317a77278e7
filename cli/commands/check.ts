import { Command } from 'commander';
import { print } from '../process.js';
import { loadRules, usualRules } from '../rules.js';

export const checkCommand = (): Command =>
  new Command('check')
    .description('report every mistake of a rule file, as FILE:LINE:COLUMN message on stderr')
    .argument('[file]', 'rule file', usualRules())
    .addHelpText('after', '\nExample:\n  tidemark check sla.yaml')
    .action(async (file: string) => {
      const { rules, selections, revision } = loadRules(file);
      await print(`${file}: ${rules.length} rules, ${selections.length} selections, revision ${revision}`);
    });
