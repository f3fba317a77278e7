import { linkedAbort } from '../../platform/linked-abort.js';
import type { Batch } from '../../platform/log/batch.js';
import {
  type Commit,
  LogError,
  type LogErrorCode,
  type Offset,
  type OwnedPartition,
} from '../../platform/log/event-log.js';
import { checkpointRecords } from './checkpoint.js';
import { type Encoded, encodeOutputs } from './encode.js';
import type { RunOptions } from './options.js';
import { type Recovered, recover } from './recover.js';
import { loadSchemas } from './schemas.js';
import type { Produced, Stage } from './stage.js';

/**
 * While more is there to be read, outputs wait for each other, ms: a commit costs the same for many. The first ones
 * of a backlog are seen soon, those behind them wait twice as long each time.
 */
const GATHER_MS = { first: 25, most: 400 } as const;
/** How long to wait before a commit that the log had no room for is tried again, ms. */
const RETRY_MS = 1_000;

/** Errors after which the partition is taken over afresh: its state here may not be what was committed. */
const again: readonly LogErrorCode[] = ['Fenced', 'Unknown'];

/**
 * Runs a stage on a partition for as long as it is owned: recover, then pull, push, commit, again.
 * Returns when the partition is lost; rejects where going on would be wrong.
 */
export async function runPartition(owned: OwnedPartition, options: RunOptions): Promise<void> {
  while (!owned.lost.aborted) {
    try {
      await own(owned, options);
    } catch (error) {
      if (owned.lost.aborted) return;
      if (!(error instanceof LogError && (error.retryable || again.includes(error.code)))) throw error;
      options.warn(`${owned.topic}/${owned.partition}: ${error.message}; taking over afresh`);
      await options.pause(RETRY_MS, owned.lost);
    } finally {
      options.onStage?.(owned.partition, null);
    }
  }
}

async function own(owned: OwnedPartition, options: RunOptions): Promise<void> {
  const recovered = await recover(owned, options);
  const run = new Run(owned, options, recovered);
  options.onStage?.(owned.partition, recovered.stage);
  if (recovered.fresh) await run.commit([], true);
  while (!owned.lost.aborted) await run.turn();
}

/** One ownership of one partition. */
class Run {
  readonly #stage: Stage;
  readonly #every: number;
  readonly #apart: number;
  readonly #positionEvery: number;
  #next: Offset;
  #committed: Offset;
  #committedAt: number;
  /** Event time of the last checkpoint, and the clock's. */
  #checkpointAt: number;
  #checkpointed: number;
  /** What was given out since the last commit, and since when there is any; it may wait so long, ms. */
  #gathered: Encoded[] = [];
  #gatheredAt = 0;
  #gatherMs: number = GATHER_MS.first;

  constructor(
    readonly owned: OwnedPartition,
    readonly options: RunOptions,
    { stage, next }: Recovered,
  ) {
    this.#stage = stage;
    this.#next = next;
    this.#committed = next;
    this.#committedAt = options.clock();
    this.#checkpointAt = stage.watermark;
    this.#checkpointed = this.#committedAt;
    this.#every = options.checkpointEvery ?? 5 * 60_000;
    this.#apart = options.checkpointApart ?? 2_000;
    this.#positionEvery = options.positionEvery ?? 5_000;
  }

  /** Rules first, then one batch. */
  async turn(): Promise<void> {
    const { clock, rules: source } = this.options;
    // Before the rules themselves: what changes while they are taken up ends the wait below.
    const { changed } = source;
    const rules = source.current;
    if (rules.revision !== this.#stage.rules.revision || rules.file !== this.#stage.rules.file) {
      await this.commit(this.#stage.takeUp(rules), true);
    }
    const isGathering = this.#gathered.length > 0;
    const waitMs = isGathering ? 0 : Math.max(0, this.#committedAt + this.#positionEvery - clock());
    const batch = await this.#pull(waitMs, changed);
    if (!batch?.more) this.#gatherMs = GATHER_MS.first;
    if (batch === null) {
      if (isGathering) await this.commit([], false);
      else await this.#commitPosition();
      return;
    }
    await loadSchemas(batch, this.owned, this.options);
    const produced = this.#stage.push(batch);
    this.#next = batch.next;
    const now = clock();
    const due =
      this.#stage.watermark - this.#checkpointAt >= this.#every && now - this.#checkpointed >= this.#apart;
    if (!isGathering) this.#gatheredAt = now;
    const gives = produced.length > 0 || isGathering;
    if (gives && !due && batch.more && now - this.#gatheredAt < this.#gatherMs) this.#gather(produced);
    else if (gives || due) {
      if (batch.more) this.#gatherMs = Math.min(GATHER_MS.most, 2 * this.#gatherMs);
      await this.commit(produced, due);
    } else if (now - this.#committedAt >= this.#positionEvery) await this.#commitPosition();
  }

  /** As bytes at once: objects that wait outlive the young generation, and cost garbage collection. */
  #gather(produced: readonly Produced[]): void {
    encodeOutputs(this.options.codec, produced, this.#gathered);
  }

  /** Other rules are taken up at once, also where no data come. */
  async #pull(waitMs: number, changed: AbortSignal): Promise<Batch | null> {
    const { lost } = this.owned;
    if (waitMs === 0) return this.owned.pull({ waitMs, signal: lost });
    using woken = linkedAbort(lost, changed);
    return await this.owned.pull({ waitMs, signal: woken.signal });
  }

  async #commitPosition(): Promise<void> {
    this.#committedAt = this.options.clock();
    if (this.#next > this.#committed) await this.commit([], false);
  }

  /** Outputs, position and, where asked for, the whole state: all or nothing, until it is done. */
  async commit(produced: readonly Produced[], checkpoint: boolean): Promise<void> {
    const { codec, factory } = this.options;
    this.#gather(produced);
    const outputs = this.#gathered;
    const next = this.#next;
    const id = `${factory.name}-${this.owned.partition}-${next}`;
    const commit: Commit = checkpoint
      ? { next, replayFrom: next, checkpoint: checkpointRecords(codec, id, this.#stage.save()) }
      : { next };
    await this.#persist(() => this.owned.commit(outputs, commit));
    this.#gathered = [];
    this.#committed = next;
    this.#committedAt = this.options.clock();
    if (!checkpoint) return;
    this.#checkpointAt = this.#stage.watermark;
    this.#checkpointed = this.#committedAt;
  }

  /** A log without room delays, and loses nothing. */
  async #persist(commit: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await commit();
        return;
      } catch (error) {
        if (!(error instanceof LogError && error.retryable) || this.owned.lost.aborted) throw error;
        this.options.warn(`${this.owned.topic}/${this.owned.partition}: ${error.message}; trying again`);
        await this.options.pause(RETRY_MS, this.owned.lost);
      }
    }
  }
}
