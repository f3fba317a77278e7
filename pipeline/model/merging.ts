import type { Partial, PartialBatch } from '../../schemas/types.js';
import { SharedBounds } from './buckets.js';
import { OpenWindow } from './open-window.js';
import { loadPart, loadPartial, savePart, savePartial } from './partial-state.js';
import type { Selection } from './selection.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import type { GroupWindow } from './sums.js';
import { closedEnd } from './windows.js';

/** A batch that was taken: up to where its partition got, and which selections it computed. */
interface Header {
  readonly watermark: number;
  readonly from: ReadonlyMap<string, number>;
}

interface Source {
  /** Watermark of the last batch taken. */
  taken: number | null;
  /** Headers that an open window may still ask for, oldest first. */
  headers: Header[];
  /** Parts of the batch that is not complete. */
  parts: PartialBatch[];
}

interface Window {
  readonly selection: string;
  /** ms */
  readonly start: number;
}

const windowKey = (selection: string, start: number): string => `${selection} ${start}`;

/** What *evaluate* has read of each source partition and not yet closed. */
export class Merging {
  /** Greatest number of source partitions seen. */
  sourcePartitions = 0;
  /** Greatest watermark of any batch read, taken or not. */
  greatestRead = Number.NEGATIVE_INFINITY;
  /**
   * The least watermark over all source partitions; -Infinity until each has one. Where their number
   * grows it waits for the new ones, but never goes back: what is closed stays closed.
   */
  watermark = Number.NEGATIVE_INFINITY;
  readonly #sources = new Map<number, Source>();
  readonly #open = new Map<string, OpenWindow>();
  readonly #bounds = new SharedBounds();

  /** Takes what is wanted of a batch once its last part has come. Says where the chain of a source has a gap. */
  read(batch: PartialBatch, wanted: (window: Window) => boolean): string | null {
    this.sourcePartitions = Math.max(this.sourcePartitions, batch.sourcePartitions);
    this.greatestRead = Math.max(this.greatestRead, batch.watermark);
    const source = this.#source(batch.sourcePartition);
    if (source.taken !== null && batch.watermark <= source.taken) return null;
    if (source.parts[0]?.watermark !== batch.watermark) source.parts = [];
    if (batch.part !== source.parts.length) return null;
    source.parts.push(batch);
    if (!batch.last) return null;
    const gap = this.#gap(source, batch);
    this.#take(source, wanted);
    this.watermark = Math.max(this.watermark, this.#least());
    return gap;
  }

  /** Open windows of a selection, in no order. */
  starts(): readonly Window[] {
    return [...this.#open.values()];
  }

  /** Whether every source partition computed the selection over the whole window. */
  complete(selection: string, start: number, closeAt: number): boolean {
    for (let p = 0; p < this.sourcePartitions; p++) {
      const header = this.#sources.get(p)?.headers.find(({ watermark }) => watermark >= closeAt);
      const from = header?.from.get(selection);
      if (from === undefined || from > start) return false;
    }
    return true;
  }

  /**
   * End of the newest pane of the selection that closes in (after, upTo] and that some source partition
   * did not compute from its start on; -Infinity for none.
   */
  brokenUntil({ id, window, grace }: Selection, after: number, upTo: number): number {
    let broken = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < this.sourcePartitions; p++) {
      let before = after;
      const missing = (upTo: number, from: number): void => {
        const end = Math.min(closedEnd(upTo, window, grace), Math.ceil(from / window) * window);
        if (end + grace > before) broken = Math.max(broken, end);
        before = upTo;
      };
      for (const { watermark, from } of this.#sources.get(p)?.headers ?? []) {
        if (before >= upTo) break;
        if (watermark > before) missing(Math.min(watermark, upTo), from.get(id) ?? Number.POSITIVE_INFINITY);
      }
      if (before < upTo) missing(upTo, Number.POSITIVE_INFINITY);
    }
    return broken;
  }

  /** Hands out the groups of a window, which is closed with it, in no order. */
  close(selection: string, start: number, end: number): readonly GroupWindow[] {
    const key = windowKey(selection, start);
    const open = this.#open.get(key);
    this.#open.delete(key);
    return open?.merged(end) ?? [];
  }

  /** Forgets headers that no window can ask for any more. */
  settle(watermark: number): void {
    for (const source of this.#sources.values()) {
      while (source.headers[0] && source.headers[0].watermark <= watermark) source.headers.shift();
    }
  }

  /** Lets go of what belongs to selections that nobody knows any more. */
  keep(known: (selection: string) => boolean): void {
    for (const [key, open] of this.#open) if (!known(open.selection)) this.#open.delete(key);
  }

  #source(partition: number): Source {
    let source = this.#sources.get(partition);
    if (!source) {
      source = { taken: null, headers: [], parts: [] };
      this.#sources.set(partition, source);
    }
    return source;
  }

  #least(): number {
    if (this.sourcePartitions === 0) return Number.NEGATIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    for (let p = 0; p < this.sourcePartitions; p++) {
      least = Math.min(least, this.#sources.get(p)?.taken ?? Number.NEGATIVE_INFINITY);
    }
    return least;
  }

  #gap({ taken }: Source, { sourcePartition, previousWatermark }: PartialBatch): string | null {
    if (taken === previousWatermark) return null;
    return `source partition ${sourcePartition} goes on from ${previousWatermark}, but ${taken} was read last`;
  }

  #take(source: Source, wanted: (window: Window) => boolean): void {
    const first = source.parts[0];
    if (!first) return;
    source.taken = first.watermark;
    source.headers.push({
      watermark: first.watermark,
      from: new Map(first.selections.map(({ id, from }) => [id, from])),
    });
    for (const { partials } of source.parts) {
      // Partials come window by window.
      let last: Window | null = null;
      let open: OpenWindow | null = null;
      for (const one of partials) {
        if (last === null || last.start !== one.start || last.selection !== one.selection) {
          last = one;
          open = wanted(one) ? this.#window(one) : null;
        }
        open?.add(first.sourcePartition, one);
      }
    }
    source.parts = [];
  }

  #restore(sourcePartition: number, partial: Partial): void {
    this.#window(partial).add(sourcePartition, partial);
  }

  #window({ selection, start }: Window): OpenWindow {
    const key = windowKey(selection, start);
    const known = this.#open.get(key);
    if (known) return known;
    const open = new OpenWindow(selection, start, this.#bounds);
    this.#open.set(key, open);
    return open;
  }

  save(to: StateWriter): void {
    to.u32(this.sourcePartitions);
    to.f64(this.greatestRead);
    to.f64(this.watermark);
    to.list(this.#sources, ([partition, { taken, headers, parts }]) => {
      to.u32(partition);
      to.optional(taken);
      to.list(headers, ({ watermark, from }) => {
        to.f64(watermark);
        to.list(from, ([id, at]) => {
          to.text(id);
          to.f64(at);
        });
      });
      to.list(parts, (part) => savePart(to, part));
    });
    to.list(this.#open.values(), (open) =>
      to.list(open.byGroup(), ({ group, parts }) =>
        to.list(parts, ([partition, sums]) => {
          const { selection, start } = open;
          savePartial(to, partition, { selection, start, group, sums });
        }),
      ),
    );
  }

  static load(from: StateReader): Merging {
    const merging = new Merging();
    merging.sourcePartitions = from.u32();
    merging.greatestRead = from.f64();
    merging.watermark = from.f64();
    from.list(() => {
      const source = merging.#source(from.u32());
      source.taken = from.optional();
      source.headers = from.list(() => ({
        watermark: from.f64(),
        from: new Map(from.list(() => [from.text(), from.f64()] as const)),
      }));
      source.parts = from.list(() => loadPart(from));
    });
    from.list(() => from.list(() => from.list(() => merging.#restore(from.u32(), loadPartial(from)))));
    return merging;
  }
}
