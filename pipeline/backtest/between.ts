import type { AlertRecord, WindowRecord } from '../../schemas/types.js';

export interface Bounds {
  /** ms since the epoch; -Infinity: from the beginning. */
  readonly from: number;
  /** ms since the epoch; Infinity: to the end. */
  readonly to: number;
}

const isOver = ({ state }: AlertRecord): boolean => state === 'resolved' || state === 'inactive';

/** When a session is known to be over is not in its record: its end has to do. */
export const isWithin = ({ end }: WindowRecord, { from, to }: Bounds): boolean => end > from && end <= to;

/** Leaves out what a lead-in and what is behind the end bring: docs/semantics.md, "Looking back". */
export class Between {
  /** By rule and label set: transitions of alerts that are active at the beginning, as far as is known. */
  readonly #held = new Map<string, AlertRecord[]>();

  constructor(
    readonly bounds: Bounds,
    readonly emit: (alert: AlertRecord) => void,
  ) {}

  take(alert: AlertRecord): void {
    const { from, to } = this.bounds;
    if (alert.windowEnd > to) return;
    const key = `${alert.alert}\n${alert.fingerprint}`;
    const held = this.#held.get(key);
    if (alert.windowEnd > from) {
      this.#held.delete(key);
      for (const one of held ?? []) this.emit(one);
      this.emit(alert);
    } else if (isOver(alert)) this.#held.delete(key);
    else if (held) held.push(alert);
    else this.#held.set(key, [alert]);
  }

  /** Nothing comes any more: what is held is active still. */
  end(): void {
    for (const held of this.#held.values()) for (const one of held) this.emit(one);
    this.#held.clear();
  }
}
