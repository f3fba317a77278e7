import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { printable } from '../model/text.js';
import { type Diagnostic, nearest, SyntaxProblem } from './diagnostics.js';
import { labelProblem } from './label-name.js';

export interface Entry {
  readonly key: Node;
  /** What an alias stands for; a null at the key's place where the key stands alone. */
  readonly value: Node;
}

/** Collects every problem of one file, with its place. */
export class Problems {
  readonly all: Diagnostic[] = [];
  #text = '';
  #document: Document | null = null;

  constructor(readonly file: string) {}

  /** The root of the file's YAML; null where it is empty or cannot be parsed. */
  parse(text: string): Node | null {
    // Without the mark of its encoding, which would count as a column.
    this.#text = text.replace(/^\ufeff/, '');
    const document = parseDocument(this.#text, { prettyErrors: false });
    const lost = document.errors.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
    // Where the parser loses its way, whatever follows is a consequence.
    const errors = lost < 0 ? document.errors : document.errors.slice(0, lost + 1);
    for (const problem of [...errors, ...document.warnings]) this.#add(problem.pos[0], yamlProblem(problem));
    visit(document, {
      Alias: (_, alias) => {
        if (!alias.resolve(document)) this.at(alias, `there is no anchor &${alias.source} before this`);
      },
    });
    this.#document = document;
    return document.contents;
  }

  at(node: Node | null | undefined, message: string): void {
    this.#add(node?.range?.[0] ?? 0, message);
  }

  line(node: Node): number {
    return this.#place(node.range?.[0] ?? 0).line;
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

  /** The entries of a mapping by key, null where it is none; unknown keys are problems. */
  entries(node: Node | null, known: readonly string[], what: string): ReadonlyMap<string, Entry> | null {
    const pairs = this.#pairs(node, what);
    if (!pairs) return null;
    const entries = new Map<string, Entry>();
    for (const [name, entry] of pairs) {
      if (known.includes(name)) entries.set(name, entry);
      else this.at(entry.key, `unknown key "${name}"${nearest(name, known)}`);
    }
    return entries;
  }

  items(node: Node, what: string): readonly Node[] {
    if (isSeq<Node>(node)) return node.items.map((item) => this.#meant(item));
    this.at(node, `${what} must be a list`);
    return [];
  }

  /** A text as it is written, of a number too. */
  text(node: Node, what: string): string | undefined {
    if (isScalar(node) && typeof node.value === 'string') return node.value;
    if (isScalar(node) && typeof node.value === 'number') return node.source ?? String(node.value);
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

  /** A mapping of label names to texts; these names are `reserved`. */
  labels(node: Node, what: string, reserved: readonly string[]): Readonly<Record<string, string>> {
    const labels = new Map<string, string>();
    for (const [name, { key, value }] of this.#pairs(node, what) ?? []) {
      const text = this.text(value, `${what}.${name}`);
      const problem = reserved.includes(name)
        ? `"${name}" cannot stand under ${what}: it is set from the rule itself`
        : labelProblem(name);
      if (problem !== null) this.at(key, problem);
      else if (text !== undefined) labels.set(name, text);
    }
    return Object.fromEntries(labels);
  }

  #pairs(node: Node | null, what: string): (readonly [string, Entry])[] | null {
    if (!isMap(node)) {
      this.at(node, `${what} must be a mapping`);
      return null;
    }
    return (node as YAMLMap<Node, Node | null>).items.map(({ key, value }: Pair<Node, Node | null>) => {
      const name = isScalar(key) ? String(key.value) : '';
      return [name, { key, value: value ? this.#meant(value) : nullAt(key) }];
    });
  }

  #meant(node: Node): Node {
    return (isAlias(node) && this.#document ? node.resolve(this.#document) : undefined) ?? node;
  }

  #add(offset: number, message: string): void {
    this.all.push({ file: this.file, ...this.#place(offset), message: printable(message) });
  }

  /** Counted here, since the parser's own counter misses lines behind an error. */
  #place(offset: number): { readonly line: number; readonly column: number } {
    const before = this.#text.slice(0, offset);
    return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
  }
}

function nullAt(key: Node): Node {
  const node = new Scalar(null);
  node.range = key.range ?? null;
  return node;
}

function yamlProblem({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'a rule file is one YAML document: leave out the --- in between';
  return message;
}
