import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';

export interface UploadOptions {
  /** Told of all bytes so far, at each part that comes. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * A request's body on its way upstream. The request itself is never handed to undici, which would destroy it,
 * and the answer with it.
 */
export class Upload {
  /** What came, bytes. */
  bytes = 0;
  readonly body = new PassThrough();
  #cut = false;

  constructor(
    readonly incoming: IncomingMessage,
    { onProgress }: UploadOptions,
  ) {
    const { body } = this;
    incoming.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (!this.#cut) onProgress(this.bytes);
      // Nobody reads it any more: it is thrown away.
      if (this.#cut || body.destroyed) return;
      if (!body.write(chunk)) {
        incoming.pause();
        body.once('drain', () => incoming.resume());
      }
    });
    incoming.on('end', () => {
      if (!this.#cut) body.end();
    });
    incoming.on('error', () => this.cut());
    // An upstream that stopped reading must not leave the rest unread.
    body.on('error', () => incoming.resume());
    body.on('close', () => incoming.resume());
  }

  /** Whether it is the client that has to go on. */
  get isAwaited(): boolean {
    return !this.incoming.complete && !this.body.writableNeedDrain;
  }

  /** Calls once something of it, or all, has been read; not if it is cut before. */
  onceBegun(begun: () => void): void {
    const { incoming } = this;
    const once = (): void => {
      incoming.off('data', once).off('end', once);
      // What follows in the same packet is read first.
      setImmediate(() => {
        if (!this.#cut) begun();
      });
    };
    incoming.on('data', once).on('end', once);
  }

  /** The upstream gets no more of it, and never takes it for whole. */
  cut(): void {
    this.#cut = true;
    this.body.destroy();
  }
}
