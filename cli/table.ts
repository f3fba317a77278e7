export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly right?: true;
}

/** Rows of texts below their titles, a line each, columns two blanks apart. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map(({ title }) => title);
  const all = [titles, ...rows];
  const widths = columns.map((_, i) => all.reduce((most, row) => Math.max(most, (row[i] ?? '').length), 0));
  return all.map((row) =>
    columns
      .map(({ right }, i) => {
        const [text = '', width = 0] = [row[i], widths[i]];
        return right ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
