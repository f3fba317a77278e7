/** px; style.css has the same. */
export const ROW_HEIGHT = 44;
/** Rows beyond those that are seen, on each side. */
const SPARE = 8;

export interface VirtualListOptions<T> {
  /** What scrolls. */
  readonly frame: HTMLElement;
  /** Where the rows are. */
  readonly body: HTMLElement;
  readonly keyOf: (item: T) => string;
  /** Makes the row of an item. */
  readonly row: (item: T) => HTMLElement;
  /** Told when others are seen. */
  readonly onSeen: () => void;
}

/** A list of any length of which only what is seen lies in the document. */
export class VirtualList<T> {
  readonly #rows = new Map<string, { readonly item: T; readonly row: HTMLElement }>();
  #items: readonly T[] = [];
  #seen = '';

  constructor(readonly options: VirtualListOptions<T>) {
    options.frame.addEventListener('scroll', () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(options.frame);
  }

  get items(): readonly T[] {
    return this.#items;
  }

  set items(items: readonly T[]) {
    this.#items = items;
    this.options.body.style.height = `${items.length * ROW_HEIGHT}px`;
    this.#draw();
  }

  /** The items that are seen now, and a few beyond. */
  get seen(): readonly T[] {
    return [...this.#rows.values()].map(({ item }) => item);
  }

  rowOf(key: string): HTMLElement | null {
    return this.#rows.get(key)?.row ?? null;
  }

  /** Scrolls until the item of this place is seen. */
  show(index: number): void {
    const { frame } = this.options;
    const top = index * ROW_HEIGHT;
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top + ROW_HEIGHT > frame.scrollTop + frame.clientHeight)
      frame.scrollTop = top + ROW_HEIGHT - frame.clientHeight;
    this.#draw();
  }

  #draw(): void {
    const { frame, keyOf, row: make, onSeen } = this.options;
    const first = Math.max(0, Math.floor(frame.scrollTop / ROW_HEIGHT) - SPARE);
    const last = Math.ceil((frame.scrollTop + frame.clientHeight) / ROW_HEIGHT) + SPARE;
    const seen = this.#items.slice(first, last);
    const keys = new Set(seen.map(keyOf));
    for (const [key, { row }] of this.#rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    for (const [i, item] of seen.entries()) {
      const key = keyOf(item);
      const known = this.#rows.get(key);
      const row = known?.item === item ? known.row : make(item);
      if (known && known.row !== row) known.row.replaceWith(row);
      else if (!known) this.options.body.append(row);
      this.#rows.set(key, { item, row });
      row.style.transform = `translateY(${(first + i) * ROW_HEIGHT}px)`;
      row.setAttribute('aria-rowindex', String(first + i + 2));
    }
    const now = [...keys].join();
    if (now === this.#seen) return;
    this.#seen = now;
    onSeen();
  }
}
