import type { Codec } from '../../platform/codec/codec.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { AlertRecord, RulesRejected } from '../../schemas/types.js';
import { decodeBatch } from '../follow/scan.js';
import type { Rule, RuleSet } from '../model/rule.js';
import { recompile } from '../sla/compile.js';
import { topics } from '../stage/stage.js';

export interface RuleTextsOptions {
  readonly log: EventLog;
  readonly codec: Codec;
}

/** Every revision of the rules that was ever in use, from the topic that keeps them. */
export class RuleTexts {
  /** In the order in which they were first used. */
  readonly #revisions = new Map<string, RuleSet | null>();
  /** What is wrong with the file since; null where it is in use. */
  #rejected: RulesRejected | null = null;
  #next = 0;
  #reading: Promise<void> | null = null;

  constructor(readonly options: RuleTextsOptions) {}

  /** Those of a revision; null where it is not known, or no longer compiles. */
  async of(revision: string): Promise<RuleSet | null> {
    if (!this.#revisions.has(revision)) await this.#read();
    return this.#revisions.get(revision) ?? null;
  }

  /** The rule by which an alert was decided. */
  async ruleOf({
    alert,
    severity,
    rule,
  }: Pick<AlertRecord, 'alert' | 'severity' | 'rule'>): Promise<Rule | null> {
    const named = (await this.of(rule.revision))?.rules.filter((one) => one.alert === alert) ?? [];
    // An alert ends with the severity it began with, which its rule may have changed since.
    return named.find((one) => one.severity === severity) ?? named[0] ?? null;
  }

  /** The revision that came last; null before the first. */
  async newest(): Promise<RuleSet | null> {
    await this.#read();
    return [...this.#revisions.values()].at(-1) ?? null;
  }

  /** A file that came since and could not be taken up; null where there is none. */
  async rejected(): Promise<RulesRejected | null> {
    await this.#read();
    return this.#rejected;
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readOn(): Promise<void> {
    const { log, codec } = this.options;
    const { end } = await log.range(topics.rules, 0);
    if (this.#next >= end) return;
    const reader = log.read(topics.rules, 0, this.#next);
    try {
      while (this.#next < end) {
        const batch = await reader.pull({ waitMs: 0 });
        if (batch === null) break;
        for await (const { decoded } of decodeBatch(codec, batch, null)) {
          if (decoded.type === 'RulesRejected') this.#rejected = decoded.value;
          if (decoded.type !== 'RulesRevision') continue;
          this.#rejected = null;
          const { revision, file, text } = decoded.value;
          // Taken up once more, it is the newest.
          this.#revisions.delete(revision);
          this.#revisions.set(revision, compiled(file, text));
        }
        this.#next = batch.next;
      }
    } finally {
      await reader.close();
    }
  }
}

/** A text of an older version of ours may not compile any more. */
function compiled(file: string, text: string): RuleSet | null {
  try {
    return recompile(file, text);
  } catch {
    return null;
  }
}
