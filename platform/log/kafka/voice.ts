import type { LogEntry } from 'kafkajs';
import { Absence } from '../../telemetry/absence.js';

/** What rejects a call of ours is said by whoever called; and a group that is rebalancing is no failure. */
const toldElsewhere =
  /^(?:Response |Failed to send messages)|rebalanc|coordinator is (?:loading|not (?:available|aware))/i;
/** What follows from a connection that failed, of which the connection has told. */
const followed = /^(?:Failed to connect|Closed connection|Restarting the consumer)|^Crash: .*connection/i;
/** More different texts than that are no repetition. */
const MOST_TEXTS = 100;

/** What kafkajs has to say, which it says for each of its connections, many times a second. */
export class Voice {
  readonly #brokers = new Map<string, Absence>();
  readonly #texts = new Map<string, Absence>();

  constructor(
    readonly warn: (message: string) => void,
    readonly clock: () => number,
  ) {}

  hear({ log }: LogEntry): void {
    const text = `${log.message}${log.error ? `: ${log.error}` : ''}`;
    if (toldElsewhere.test(text) || followed.test(text)) return;
    if (typeof log.broker === 'string' && text.startsWith('Connection '))
      this.#of(this.#brokers, log.broker).failed(`kafka: ${log.broker}: ${text}`);
    else {
      if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
      this.#of(this.#texts, text).failed(`kafka: ${text}`);
    }
  }

  /** Something came from a broker, `host:port`. */
  answered(broker: string): void {
    this.#brokers.get(broker)?.answered();
  }

  #of(told: Map<string, Absence>, key: string): Absence {
    const { warn, clock } = this;
    const absence = told.get(key) ?? new Absence({ name: `kafka: ${key}`, warn, clock });
    told.set(key, absence);
    return absence;
  }
}
