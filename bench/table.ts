/** Columns padded to their widest cell; the first one to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export const grouped = (value: number): string => Math.round(value).toLocaleString('en-US');
export const seconds = (value: number): string => `${value.toFixed(2)} s`;
export const megabytes = (bytes: number | null): string =>
  bytes === null ? '-' : `${(bytes / 1e6).toFixed(0)} MB`;
export const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
