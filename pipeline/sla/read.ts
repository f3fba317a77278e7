import type { Node } from 'yaml';
import { nearest } from './diagnostics.js';
import type { Entry, Problems } from './document.js';

/** Reads the value of the key `what`; undefined where it is wrong, which `problems` then knows. */
export type Read<T> = (problems: Problems, node: Node, what: string) => T | undefined;

/** What stands under a key, read; undefined where nothing does or it is wrong. */
export const given =
  (problems: Problems, entries: ReadonlyMap<string, Entry>) =>
  <T>(key: string, read: Read<T>): T | undefined => {
    const entry = entries.get(key);
    return entry && read(problems, entry.value, key);
  };

/** A text in a language of its own. */
export const parsed =
  <T>(parse: (text: string) => T): Read<T> =>
  (problems, node, what) => {
    const text = problems.text(node, what);
    return text === undefined ? undefined : problems.attempt(node, () => parse(text));
  };

/** A list of words, each without a problem. */
export const words =
  (problemOf: (word: string) => string | null): Read<readonly string[]> =>
  (problems, node, what) =>
    problems.items(node, what).flatMap((item) => {
      const word = problems.text(item, what);
      const problem = word === undefined ? null : problemOf(word);
      if (problem !== null) problems.at(item, problem);
      return word ?? [];
    });

export const oneOf =
  <T extends string>(known: readonly T[]): Read<T> =>
  (problems, node, what) => {
    const text = problems.text(node, what);
    const found = known.find((one) => one === text);
    if (text !== undefined && !found)
      problems.at(node, `${what} must be one of ${known.join(', ')}${nearest(text, known)}`);
    return found;
  };

export const count =
  (least: number): Read<number> =>
  (problems, node, what) =>
    problems.count(node, what, least);

export const flag: Read<boolean> = (problems, node, what) => problems.flag(node, what);
