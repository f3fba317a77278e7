import { linkedAbort } from '../../platform/linked-abort.js';
import { SharedTopic } from '../follow/shared-topic.js';
import { topics } from '../stage/stage.js';
import { Handover, type HandoverOptions } from './handover.js';
import type { Receiver } from './receiver.js';
import { Watchdog } from './watchdog.js';

export interface NotifierOptions extends Omit<HandoverOptions, 'watchdog'> {
  readonly receivers: readonly Receiver[];
  /** So long after the last window was closed, evaluation is stale, ms. */
  readonly staleAfter: number;
  /** Resolves after so many ms, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Hands alerts over to all receivers, to each at its own pace. */
export class Notifier {
  #handovers: readonly Handover[] = [];
  readonly #watchdog: Watchdog;

  constructor(readonly options: NotifierOptions) {
    this.#watchdog = new Watchdog(options);
  }

  /** Whether receivers are told that windows are closed. */
  get isWatchdogFiring(): boolean {
    return this.#watchdog.isFiring;
  }

  /** How far each receiver is behind while it runs, ms. */
  get lags(): readonly { readonly receiver: string; readonly lag: number }[] {
    return this.#handovers.map(({ receiver, lag }) => ({ receiver: receiver.name, lag }));
  }

  /** Until the signal is aborted; rejects, once all has ended, where it cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    using stop = linkedAbort(signal);
    const { receivers, log, codec, pause, say } = this.options;
    const patience = { pause, warn: (message: string) => say('warn', message), signal: stop.signal };
    const topic = new SharedTopic({ log, codec, topic: topics.alerts, patience });
    const options = { ...this.options, watchdog: this.#watchdog };
    this.#handovers = receivers.map((receiver) => new Handover(receiver, topic, options));
    const running = this.#handovers.map((one) =>
      one.run().catch((error: unknown) => {
        stop.abort();
        throw error;
      }),
    );
    const ended = await Promise.allSettled(running);
    this.#handovers = [];
    await topic.close();
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }
}
