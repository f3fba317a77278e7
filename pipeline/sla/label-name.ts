const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What is wrong with a label's name; null where it is one. */
export function labelProblem(name: string): string | null {
  if (name === '__name__') return '"__name__" is no label here: write the metric in front, like name{a="x"}';
  if (name.startsWith('__')) return `"${name}" is reserved: no label begins with __`;
  return LABEL.test(name) ? null : `"${name}" is no label name`;
}
