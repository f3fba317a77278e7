/** A label matcher as in PromQL. Regexes are anchored; an absent label matches as the empty string. */
export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export type Labels = Readonly<Record<string, string>>;

/** A test of label sets, compiled once. Throws SyntaxError on a bad regex. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map(compile);
  return (labels) => tests.every((test) => test(labels));
}

function compile({ label, operator, value }: Matcher): (labels: Labels) => boolean {
  const read = (labels: Labels): string => (Object.hasOwn(labels, label) ? (labels[label] ?? '') : '');
  if (operator === '=') return (labels) => read(labels) === value;
  if (operator === '!=') return (labels) => read(labels) !== value;
  new RegExp(value, 'su'); // alone: "a)|(?:b" must not undo the anchors
  const regex = new RegExp(`^(?:${value})$`, 'su');
  return operator === '=~' ? (labels) => regex.test(read(labels)) : (labels) => !regex.test(read(labels));
}
