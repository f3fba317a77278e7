import { Command } from 'commander';
import type { RuleSet } from '../../pipeline/model/rule.js';
import { httpUrl } from '../options.js';
import { print, warn } from '../process.js';
import { loadRules, usualRules } from '../rules.js';
import { optionsOf, readOptions } from '../settings.js';
import { prometheusAccess } from '../spout.js';

interface Given {
  readonly strict?: true;
  readonly against?: string;
}

const settingNames = ['scrapeInterval', ...prometheusAccess] as const;

export const checkCommand = (): Command => {
  const command = new Command('check')
    .description(
      'report every mistake of a rule file, as FILE:LINE:COLUMN message on stderr, and what it hardly can mean, as FILE:LINE:COLUMN warning: message',
    )
    .argument('[file]', 'rule file', usualRules())
    .option('--strict', 'end with 2 where there are warnings')
    .option('--against <url>', 'also say what each rule matches now in this Prometheus', httpUrl('--against'))
    .addHelpText(
      'after',
      '\nExamples:\n  tidemark check sla.yaml\n  tidemark check --strict --against http://localhost:9090 sla.yaml',
    )
    .action(async (file: string, { strict, against, ...given }: Given & Record<string, unknown>) => {
      const rules = loadRules(file);
      const { scrapeInterval, ...access } = readOptions(settingNames, given);
      const { check, checkAgainst } = await import('../check.js');
      const checked =
        against === undefined
          ? check(rules, scrapeInterval)
          : await checkAgainst(rules, scrapeInterval, { ...access, prometheusUrl: against });
      for (const line of checked.warnings) warn(line);
      await print(summary(file, rules, checked.warnings.length));
      for (const line of checked.matches) await print(line);
      if (strict && checked.warnings.length > 0) process.exitCode = 2;
    });
  for (const option of optionsOf(settingNames)) command.addOption(option);
  return command;
};

function summary(file: string, { rules, selections, revision }: RuleSet, warnings: number): string {
  const said = `${file}: ${rules.length} rules, ${selections.length} selections, revision ${revision}`;
  return warnings === 0 ? said : `${said}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
}
