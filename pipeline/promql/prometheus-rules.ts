import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic } from '../sla/diagnostics.js';

/** A rule of Prometheus, with its places in the file. */
export interface PrometheusRule {
  readonly group: string;
  /** As the group says it. */
  readonly interval: string | null;
  readonly kind: 'alert' | 'record';
  readonly name: string;
  readonly expr: string;
  readonly for: string | null;
  readonly keepFiringFor: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly place: Place;
  /** Of a character of the expression. */
  readonly placeIn: (offset: number) => Place;
}

export type Place = Omit<Diagnostic, 'message'>;

export type ReadRules =
  | { readonly rules: readonly PrometheusRule[] }
  | { readonly problems: readonly Diagnostic[] };

/** Reads a rule file of Prometheus, or a PrometheusRule of its operator. */
export function readPrometheusRules(file: string, text: string): ReadRules {
  const reader = new Reader(file, text);
  const rules = reader.rules();
  return reader.problems.length > 0 ? { problems: reader.problems } : { rules };
}

type Mapping = YAMLMap<Node, Node | null>;

class Reader {
  readonly problems: Diagnostic[] = [];
  readonly #lines = new LineCounter();
  readonly #root: Node | null;

  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { pos, message } of document.errors) this.problems.push({ ...this.#at(pos[0]), message });
    this.#root = document.contents;
  }

  rules(): PrometheusRule[] {
    if (this.problems.length > 0) return [];
    const root = isMap(this.#root) ? (this.#root as Mapping) : null;
    const spec = root?.get('spec', true);
    const groups = (isMap(spec) ? (spec as Mapping) : root)?.get('groups', true);
    if (!isSeq<Node>(groups)) {
      this.#problem(this.#root, 'there is no list of groups: it is no rule file of Prometheus');
      return [];
    }
    return groups.items.flatMap((group) => this.#group(group));
  }

  #group(node: Node): PrometheusRule[] {
    const rules = isMap(node) ? (node as Mapping).get('rules', true) : null;
    if (!isMap(node) || !isSeq<Node>(rules)) {
      this.#problem(node, 'a group must have a list of rules');
      return [];
    }
    const group = this.#text(node as Mapping, 'name') ?? '';
    const interval = this.#text(node as Mapping, 'interval');
    return rules.items.flatMap((rule) => this.#rule(rule, { group, interval }));
  }

  #rule(node: Node, around: Pick<PrometheusRule, 'group' | 'interval'>): PrometheusRule[] {
    const map = isMap(node) ? (node as Mapping) : null;
    const [alert, record] = map ? [this.#text(map, 'alert'), this.#text(map, 'record')] : [null, null];
    const name = alert ?? record;
    const expr = map && this.#text(map, 'expr');
    if (map === null || name === null || expr === null) {
      this.#problem(node, 'a rule must have an alert or a record, and an expr');
      return [];
    }
    const source = map.get('expr', true) as Scalar;
    return [
      {
        ...around,
        ...{ kind: alert === null ? 'record' : 'alert', name, expr, place: this.#at(node.range?.[0] ?? 0) },
        for: this.#text(map, 'for'),
        keepFiringFor: this.#text(map, 'keep_firing_for'),
        labels: this.#texts(map, 'labels'),
        annotations: this.#texts(map, 'annotations'),
        placeIn: (offset) => this.#within(source, offset),
      },
    ];
  }

  #text(map: Mapping, key: string): string | null {
    const node = map.get(key, true);
    if (node === undefined || node === null) return null;
    if (isScalar(node) && node.value === null) return null;
    if (isScalar(node) && ['string', 'number', 'boolean'].includes(typeof node.value))
      return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
    this.#problem(node, `${key} must be a text`);
    return null;
  }

  #texts(map: Mapping, key: string): Readonly<Record<string, string>> {
    const node = map.get(key, true);
    if (node === undefined || (isScalar(node) && node.value === null)) return {};
    if (!isMap(node)) {
      this.#problem(node, `${key} must be a mapping`);
      return {};
    }
    const names = (node as Mapping).items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''));
    return Object.fromEntries(names.map((name) => [name, this.#text(node as Mapping, name) ?? '']));
  }

  #problem(node: Node | null | undefined, message: string): void {
    this.problems.push({ ...this.#at(node?.range?.[0] ?? 0), message });
  }

  /** In a block as it stands; in what is folded or escaped, where it begins. */
  #within(node: Scalar, offset: number): Place {
    const start = node.range?.[0] ?? 0;
    if (node.type === 'PLAIN' && !String(node.value).includes('\n')) {
      const raw = this.text.slice(start, node.range?.[1]);
      return this.#at(raw === node.value ? start + offset : start);
    }
    if (node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE') {
      const raw = this.text.slice(start + 1, (node.range?.[1] ?? 1) - 1);
      return this.#at(raw === node.value ? start + 1 + offset : start);
    }
    if (node.type !== 'BLOCK_LITERAL') return this.#at(start);
    const before = String(node.value).slice(0, offset).split('\n');
    const first = this.#at(start).line + 1;
    const line = first + before.length - 1;
    const indent = /^ */.exec(this.text.split('\n')[first - 1] ?? '')?.[0].length ?? 0;
    return { file: this.file, line, column: indent + (before.at(-1) ?? '').length + 1 };
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line, column: col };
  }
}
