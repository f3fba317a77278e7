import { Command } from 'commander';
import type { Explanation } from '../../pipeline/view/explain.js';
import { authorization, outputOption, tokenOption, urlOption } from '../options.js';
import { color, print } from '../process.js';

interface Given {
  readonly url: string;
  readonly token: string;
  readonly output: 'text' | 'json';
}

export const explainCommand = (): Command =>
  new Command('explain')
    .description(
      'everything that an alert used, and whether it comes out the same again; 1 where it does not',
    )
    .argument('<id>', 'id of a transition, as alerts -o wide shows it')
    .addOption(urlOption())
    .addOption(tokenOption())
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  tidemark explain 5d41402abc4b2a76b9719d911017c592')
    .action(async (id: string, { url, token, output }: Given) => {
      const { fetchJson } = await import('../follow.js');
      const { formatExplanation, isOther } = await import('../explanation.js');
      const path = `${url}/api/v1/explain/${encodeURIComponent(id)}`;
      const explanation = (await fetchJson(path, authorization(token))) as Explanation;
      const lines =
        output === 'json' ? [JSON.stringify(explanation)] : formatExplanation(explanation, { color });
      for (const line of lines) await print(line);
      if (isOther(explanation)) process.exitCode = 1;
    });
