import { readFile } from 'node:fs/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RuleSet } from '../pipeline/model/rule.js';
import type { Say } from '../pipeline/spout/poller.js';
import type { RuleSource } from '../pipeline/stage/rule-source.js';
import { linkedAbort } from '../platform/linked-abort.js';
import type { RulesRejected } from '../schemas/types.js';
import { rulesIn, unreadable } from './rules.js';
import { UsageError } from './usage-error.js';

/** How often the file is read, ms. */
export const EVERY_MS = 2_000;
/** What has changed may still be being written: it is taken once it stays as it is for so long, ms. */
export const SETTLE_MS = 250;
/** Something that is never still is taken as it is, and found to be whole or not. */
const MOST_READS = 20;

export interface LiveRulesOptions {
  /** Those to begin with; their file is followed. */
  readonly rules: RuleSet;
  readonly registry: Registry;
  readonly say: Say;
  /** Resolves after so many ms, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Throws `UsageError` where rules do not go with other settings. */
  readonly accept?: (rules: RuleSet) => void;
  /** Keeps their text before they are used. */
  readonly remember?: (rules: RuleSet) => Promise<void>;
  /** Tells others that the file is bad, until something is remembered again. */
  readonly reject?: (rejected: RulesRejected) => Promise<void>;
  readonly read?: (file: string) => Promise<Uint8Array>;
}

type Found = Uint8Array | UsageError;

/**
 * The rules of a file, as it changes. The file is read again and again, and its bytes compared: a notice of the
 * file system belongs to an inode, which editors replace and a ConfigMap hides behind links, and does not reach
 * into every container. What is bad, or gone, leaves the rules as they are, and is said.
 */
export class LiveRules implements RuleSource {
  readonly #options: LiveRulesOptions;
  readonly #reloads: Counter<'result'>;
  #current: RuleSet;
  #changed = new AbortController();
  #asked = new AbortController();
  /** What was looked at last; null where it is to be tried again. */
  #seen: Found | null;
  /** What is wrong with the file. */
  #problem: string | null = null;

  constructor(options: LiveRulesOptions) {
    this.#options = options;
    this.#current = options.rules;
    this.#seen = Buffer.from(options.rules.text);
    const registers = [options.registry];
    this.#reloads = new Counter({
      name: 'tidemark_rules_reloads_total',
      help: 'How often a changed rule file was taken up, or could not be',
      labelNames: ['result'],
      registers,
    });
    for (const result of ['success', 'failure']) this.#reloads.inc({ result }, 0);
    const isBad = (): boolean => this.#problem !== null;
    const revision = (): string => this.#current.revision;
    new Gauge({
      name: 'tidemark_rules_reload_failed',
      help: '1 while the rule file is bad or gone, and the rules are those from before',
      registers,
      collect() {
        this.set(isBad() ? 1 : 0);
      },
    });
    new Gauge({
      name: 'tidemark_rules_info',
      help: '1; the revision of the rules that are in use',
      labelNames: ['revision'],
      registers,
      collect() {
        this.reset();
        this.set({ revision: revision() }, 1);
      },
    });
  }

  get current(): RuleSet {
    return this.#current;
  }

  get changed(): AbortSignal {
    return this.#changed.signal;
  }

  /** The file is looked at now, and what comes of it is said, also where it is as before. */
  reload(): void {
    this.#asked.abort();
  }

  /** Follows the file until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      using woken = linkedAbort(signal, this.#asked.signal);
      await this.#options.pause(EVERY_MS, woken.signal);
      const asked = this.#asked.signal.aborted;
      if (asked) this.#asked = new AbortController();
      if (!signal.aborted) await this.#look(asked, signal);
    }
  }

  async #look(asked: boolean, signal: AbortSignal): Promise<void> {
    const first = await this.#read();
    const isSeen = this.#seen !== null && isSame(first, this.#seen);
    if (isSeen && !asked) return;
    const found = isSeen ? first : await this.#settled(first, signal);
    if (signal.aborted || (!asked && this.#seen !== null && isSame(found, this.#seen))) return;
    try {
      await this.#take(found);
      this.#seen = found;
    } catch (error) {
      // Of what is wrong with the file nothing changes by itself.
      this.#seen = error instanceof UsageError ? found : null;
      await this.#fail(error instanceof Error ? error.message : String(error), asked);
    }
  }

  async #take(found: Found): Promise<void> {
    const { accept, remember, say } = this.#options;
    if (found instanceof UsageError) throw found;
    const rules = rulesIn(this.#current.file, found);
    accept?.(rules);
    const { file, revision } = rules;
    const isOther = revision !== this.#current.revision;
    if (isOther || this.#problem !== null) await remember?.(rules);
    this.#problem = null;
    this.#reloads.inc({ result: 'success' });
    if (!isOther) {
      say('info', `${file}: the rules are still those of revision ${revision}`);
      return;
    }
    const before = this.#changed;
    this.#current = rules;
    this.#changed = new AbortController();
    say('info', `${file}: ${rules.rules.length} rules are taken up, revision ${revision}`);
    before.abort();
  }

  async #fail(problem: string, asked: boolean): Promise<void> {
    if (problem === this.#problem && !asked) return;
    this.#problem = problem;
    this.#reloads.inc({ result: 'failure' });
    const { file, revision } = this.#current;
    const { say, reject } = this.#options;
    say('error', `the rules cannot be taken up, those of revision ${revision} stay:\n${problem}`);
    // Waited for: behind a file that is good again it would stand for ever.
    await reject?.({ file, problem, revision }).catch((error: unknown) =>
      say('warn', `the log does not take that the rules were rejected: ${error}`),
    );
  }

  async #settled(first: Found, signal: AbortSignal): Promise<Found> {
    let found = first;
    for (let reads = 0; reads < MOST_READS && !signal.aborted; reads++) {
      const before = found;
      await this.#options.pause(SETTLE_MS, signal);
      found = await this.#read();
      if (isSame(found, before)) break;
    }
    return found;
  }

  async #read(): Promise<Found> {
    const { file } = this.#current;
    const { read = (path: string): Promise<Uint8Array> => readFile(path) } = this.#options;
    return read(file).catch((error: unknown) => unreadable(file, error));
  }
}

const isSame = (a: Found, b: Found): boolean =>
  a instanceof UsageError || b instanceof UsageError
    ? a instanceof UsageError && b instanceof UsageError && a.message === b.message
    : Buffer.compare(a, b) === 0;
