/** A problem in a rule file. Line and column count from 1. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** `FILE:LINE:COLUMN message` */
export const formatDiagnostic = ({ file, line, column, message }: Diagnostic): string =>
  `${file}:${line}:${column} ${message}`;

/** A text that cannot be read, with the way out. */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
}

/** `, did you mean "x"?` where one of the known words is near; else an empty text. */
export function nearest(word: string, known: readonly string[]): string {
  const near = known
    .map((one) => [one, distance(word.toLowerCase(), one.toLowerCase())] as const)
    .filter(([one, apart]) => apart <= Math.max(1, Math.floor(Math.max(one.length, word.length) / 3)))
    .sort((a, b) => a[1] - b[1])[0];
  return near ? `, did you mean "${near[0]}"?` : '';
}

/** Optimal string alignment distance: insertions, deletions, substitutions, swapped neighbours. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      row.push(least);
    }
  }
  return at(a.length, b.length);
}
