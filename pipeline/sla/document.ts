import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { type Diagnostic, nearest, SyntaxProblem } from './diagnostics.js';

/** Collects every problem of one file, with its place. */
export class Problems {
  readonly all: Diagnostic[] = [];
  readonly #lines = new LineCounter();

  constructor(readonly file: string) {}

  /** The root of the file's YAML; null where it cannot be parsed. */
  parse(text: string): Node | null {
    const document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true, strict: true });
    for (const error of document.errors) {
      this.#add(
        error.pos[0],
        error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'no YAML',
      );
    }
    if (document.errors.length > 0) return null;
    return document.contents;
  }

  at(node: Node | null | undefined, message: string): void {
    this.#add(node?.range?.[0] ?? 0, message);
  }

  line(node: Node): number {
    return this.#lines.linePos(node.range?.[0] ?? 0).line;
  }

  /** Runs a parser on a value; its `SyntaxProblem` becomes a problem at the node. */
  attempt<T>(node: Node, parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      this.at(node, error.message);
      return undefined;
    }
  }

  /** The entries of a mapping by key; unknown keys are problems. */
  entries(node: Node | null | undefined, known: readonly string[], what: string): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    if (!isMap(node)) {
      this.at(node, `${what} must be a mapping`);
      return entries;
    }
    for (const { key, value } of (node as YAMLMap<Node, Node | null>).items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (later.includes(name) && !known.includes(name)) this.at(key, `"${name}" is not supported yet`);
      else if (!known.includes(name)) this.at(key, `unknown key "${name}"${nearest(name, known)}`);
      else entries.set(name, { key, value: value ?? key, absent: value === null });
    }
    return entries;
  }

  items(node: Node, what: string): readonly Node[] {
    if (isSeq(node)) return node.items as Node[];
    this.at(node, `${what} must be a list`);
    return [];
  }

  text(node: Node, what: string): string | undefined {
    if (isScalar(node) && (typeof node.value === 'string' || typeof node.value === 'number'))
      return String(node.value);
    this.at(node, `${what} must be a text`);
    return undefined;
  }

  /** A whole number from `least` on. */
  count(node: Node, what: string, least: number): number | undefined {
    if (isScalar(node) && Number.isSafeInteger(node.value) && (node.value as number) >= least)
      return node.value as number;
    this.at(node, `${what} must be a whole number from ${least} on`);
    return undefined;
  }

  flag(node: Node, what: string): boolean | undefined {
    if (isScalar(node) && typeof node.value === 'boolean') return node.value;
    this.at(node, `${what} must be true or false`);
    return undefined;
  }

  /** A mapping of names to texts. */
  texts(node: Node, what: string): Readonly<Record<string, { readonly text: string; readonly node: Node }>> {
    if (!isMap(node)) {
      this.at(node, `${what} must be a mapping`);
      return {};
    }
    const texts: Record<string, { text: string; node: Node }> = {};
    for (const { key, value } of (node as YAMLMap<Node, Node | null>).items) {
      const name = isScalar(key) ? String(key.value) : '';
      const text = this.text(value ?? key, `${what}.${name}`);
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) this.at(key, `"${name}" is no label name`);
      else if (text !== undefined) texts[name] = { text, node: key };
    }
    return texts;
  }

  #add(offset: number, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.all.push({ file: this.file, line: line || 1, column: col || 1, message });
  }
}

export interface Entry {
  readonly key: Node;
  readonly value: Node;
  /** Whether the key stands without a value. */
  readonly absent: boolean;
}

const later = ['clear', 'objective', 'burn_rate', 'sli'];
