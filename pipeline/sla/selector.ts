import { compileMatchers, type Matcher } from '../model/matcher.js';
import { SyntaxProblem } from './diagnostics.js';
import { labelProblem } from './label-name.js';

export interface Selector {
  readonly metric: string | null;
  readonly matchers: readonly Matcher[];
}

const token =
  /\s*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|(=~|!~|!=|=)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|([{},]))\s*/suy;

const example = 'write it like {service="checkout",status=~"5.."}';

/** A series selector as in PromQL: `name{a="x",b=~"y|z"}`, either part alone too. Throws `SyntaxProblem`. */
export function parseSelector(text: string): Selector {
  const tokens = tokenize(text);
  let at = 0;
  let metric: string | null = null;
  const matchers: Matcher[] = [];
  if (tokens[at]?.kind === 'name') metric = tokens[at++]?.text ?? null;
  if (tokens[at]?.text === '{') {
    at++;
    while (tokens[at]?.text !== '}') {
      const [label, operator, value] = [tokens[at], tokens[at + 1], tokens[at + 2]];
      if (label?.kind !== 'name' || operator?.kind !== 'operator' || value?.kind !== 'value') {
        throw new SyntaxProblem(`"${text}" is no selector: ${example}`);
      }
      matchers.push({
        label: label.text,
        operator: operator.text as Matcher['operator'],
        value: unquote(value.text),
      });
      at += 3;
      if (tokens[at]?.text === ',') at++;
      else if (tokens[at]?.text !== '}') throw new SyntaxProblem(`"${text}" is no selector: ${example}`);
    }
    at++;
  }
  if (at !== tokens.length || (metric === null && at === 0))
    throw new SyntaxProblem(`"${text}" is no selector: ${example}`);
  for (const one of matchers) checkMatcher(one);
  return { metric, matchers };
}

function checkMatcher(matcher: Matcher): void {
  const problem = labelProblem(matcher.label);
  if (problem !== null) throw new SyntaxProblem(problem);
  try {
    compileMatchers([matcher]);
  } catch (error) {
    const reason = String(error).replace(/^.*\/su: /s, '');
    throw new SyntaxProblem(`"${matcher.value}" is no regular expression: ${reason}`);
  }
}

function tokenize(text: string): { kind: 'name' | 'operator' | 'value' | 'mark'; text: string }[] {
  const tokens: ReturnType<typeof tokenize> = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (!found) throw new SyntaxProblem(`"${text}" is no selector: ${example}`);
    const [, name, operator, value, mark] = found;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator });
    else if (value !== undefined) tokens.push({ kind: 'value', text: value });
    else tokens.push({ kind: 'mark', text: mark ?? '' });
  }
  return tokens;
}

const escaped: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

function unquote(text: string): string {
  const inner = text.slice(1, -1);
  if (text.startsWith('`')) return inner;
  return inner.replace(/\\(.)/gsu, (_, char: string) => {
    const plain = escaped[char];
    if (plain === undefined) throw new SyntaxProblem(`\\${char} is no escape: write a backslash as \\\\`);
    return plain;
  });
}
