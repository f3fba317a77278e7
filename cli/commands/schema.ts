import { Command } from 'commander';
import { print } from '../process.js';

export const schemaCommand = (): Command =>
  new Command('schema')
    .description('print the JSON Schema of a rule file, by which editors complete and check it')
    .addHelpText(
      'after',
      `
Example:
  tidemark schema > sla.schema.json
and as the first line of the rule file, for editors with yaml-language-server:
  # yaml-language-server: $schema=sla.schema.json`,
    )
    .action(async () => {
      const { ruleFileSchemaText } = await import('../../pipeline/sla/schema.js');
      await print(ruleFileSchemaText().trimEnd());
    });
