/** What the record says, and what it comes to again, by what it is. */
export type Said = Readonly<Record<string, readonly [unknown, unknown]>>;

export const differences = (said: Said): readonly string[] =>
  Object.entries(said).flatMap(([name, [one, other]]) =>
    one === other ? [] : [`${name}: ${one} in the record, ${other} again`],
  );
