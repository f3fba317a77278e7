/**
 * The text of a rule in its file, from its line (1 is the first) to the next rule. Remarks above that one, no deeper
 * than the rule itself, are left to it.
 */
export function ruleBlock(text: string, line: number): string {
  const [first = '', ...rest] = text.split('\n').slice(line - 1);
  const next = rest.findIndex((one) => /^\s*-\s+\S/.test(one) && indent(one) <= indent(first));
  const block = [first, ...(next < 0 ? rest : rest.slice(0, next))];
  const last = block.findLastIndex((one) => !isRemark(one) || indent(one) > indent(first));
  return block
    .slice(0, last + 1)
    .join('\n')
    .trimEnd();
}

const indent = (line: string): number => line.length - line.trimStart().length;
const isRemark = (line: string): boolean => /^\s*(?:#.*)?$/.test(line);
