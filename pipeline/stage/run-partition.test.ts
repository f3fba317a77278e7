import { expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { FrameBatch } from '../../platform/log/batch.js';
import type { Commit, Output, OwnedPartition, PullOptions } from '../../platform/log/event-log.js';
import type { RuleSet } from '../model/rule.js';
import { recompile } from '../sla/compile.js';
import { unchanging } from './rule-source.js';
import { runPartition } from './run-partition.js';
import { type Produced, type Stage, type StageFactory, topics } from './stage.js';

const rules = recompile(
  'sla.yaml',
  'version: 1\nslas:\n  - { alert: Slow, when: mean_latency > 300ms, match: "{}" }\n',
);

interface Pull {
  /** How many records the stage gives out for it. */
  readonly gives: number;
  /** Whether more was there behind it. */
  readonly more: boolean;
  /** Event time after it, ms. */
  readonly watermark: number;
}

interface Committed {
  readonly next: number;
  readonly records: number;
  readonly checkpoint: boolean;
}

/** Runs a stage over these, 10 ms apart by the clock; a pull that is null brings nothing. */
async function run(pulls: readonly (Pull | null)[], between = 10): Promise<Committed[]> {
  const lost = new AbortController();
  const commits: Committed[] = [];
  const waits: number[] = [];
  let now = 0;
  const owned: OwnedPartition = {
    ...{ topic: topics.metrics, partition: 0, lost: lost.signal, position: 0 },
    committed: async () => null,
    seek: () => undefined,
    close: async () => undefined,
    pull: async ({ waitMs }: PullOptions) => {
      const pull = pulls[waits.length];
      waits.push(waitMs);
      now += between;
      if (pull === undefined) lost.abort();
      if (pull === undefined || pull === null) return null;
      const batch = new FrameBatch();
      batch.push({ key: null, value: Buffer.from(JSON.stringify(pull)) }, waits.length - 1, 0);
      batch.more = pull.more;
      return batch;
    },
    commit: async (outputs: readonly Output[], commit: Commit) => {
      const records = outputs.reduce((sum, one) => sum + one.records.length, 0);
      commits.push({ next: commit.next, records, checkpoint: 'checkpoint' in commit });
      return { next: commit.next, state: null, replayFrom: 0 };
    },
  };
  await runPartition(owned, {
    factory,
    codec: embeddedCodec(),
    rules: unchanging(rules),
    warn: (message) => expect.unreachable(message),
    clock: () => now,
    pause: async () => undefined,
  });
  // The first checkpoint stands at the begin.
  expect(commits.shift()).toEqual({ next: 0, records: 0, checkpoint: true });
  return commits;
}

/** Gives out what the pulls say. */
const factory: StageFactory = {
  name: 'aggregate',
  topic: topics.metrics,
  create: () => new Scripted(),
  restore: () => new Scripted(),
};

class Scripted implements Stage {
  rules: RuleSet = rules;
  watermark = 0;

  push(batch: FrameBatch): readonly Produced[] {
    batch.advance();
    const pull: Pull = JSON.parse(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd));
    this.watermark = pull.watermark;
    const value = { timestamp: pull.watermark, source: 'test', partitions: 1 };
    const one: Produced = { topic: 'out', partition: 0, key: 'k', record: { type: 'Watermark', value } };
    return Array.from({ length: pull.gives }, () => one);
  }

  takeUp(_: RuleSet): readonly Produced[] {
    return [];
  }

  save(): Buffer {
    return Buffer.from('state');
  }
}

const gives = (more: boolean, watermark = 0): Pull => ({ gives: 1, more, watermark });
const keeps = (more: boolean, watermark = 0): Pull => ({ gives: 0, more, watermark });

test('commits at once what it gives out at the end of the log', async () => {
  expect(await run([gives(false), gives(false)])).toEqual([
    { next: 1, records: 1, checkpoint: false },
    { next: 2, records: 1, checkpoint: false },
  ]);
});

test('commits together what it gives out on a backlog', async () => {
  expect(await run([gives(true), keeps(true), gives(true), gives(false)])).toEqual([
    { next: 4, records: 3, checkpoint: false },
  ]);
});

test('gathers as much as a batch may close', async () => {
  expect(await run([{ gives: 200_000, more: true, watermark: 0 }, gives(false)])).toEqual([
    { next: 2, records: 200_001, checkpoint: false },
  ]);
});

test('commits what was gathered where the log holds nothing more after all', async () => {
  expect(await run([gives(true), null])).toEqual([{ next: 1, records: 1, checkpoint: false }]);
});

test('gives out the first of a backlog soon, and commits more rarely the longer it lasts', async () => {
  const commits = await run(Array.from({ length: 130 }, () => gives(true)));
  expect(commits.map(({ records }) => records)).toEqual([4, 6, 11, 21, 41, 41, 6]);
});

test('a backlog begins anew where the end was reached', async () => {
  const backlog = Array.from({ length: 10 }, () => gives(true));
  const commits = await run([...backlog, gives(false), ...backlog]);
  expect(commits.map(({ records }) => records)).toEqual([4, 6, 1, 4, 6]);
});

test('moves the position on a backlog that gives nothing', async () => {
  const commits = await run(
    Array.from({ length: 12 }, () => keeps(true)),
    1_000,
  );
  expect(commits.map(({ next, records }) => [next, records])).toEqual([
    [5, 0],
    [10, 0],
    [12, 0],
  ]);
});

test('makes a checkpoint after so much event time, but not more often than the clock says', async () => {
  const minutes = [0, 6, 12, 18].map((minute) => keeps(true, minute * 60_000));
  expect(await run(minutes, 10)).toEqual([{ next: 4, records: 0, checkpoint: false }]);
  expect(await run(minutes, 1_500)).toEqual([
    { next: 2, records: 0, checkpoint: true },
    { next: 4, records: 0, checkpoint: true },
  ]);
});

test('other rules are taken up without waiting for data, also those that come while some are', async () => {
  const lost = new AbortController();
  const sets = ['a', 'b', 'c'].map((name) =>
    recompile(
      'sla.yaml',
      `version: 1\nslas: [{ alert: A, when: mean_latency > 1s, match: '{a="${name}"}' }]\n`,
    ),
  );
  const source = { current: sets[0] ?? rules, changed: new AbortController() };
  const change = (): void => {
    const before = source.changed;
    source.current = sets[taken.length + 1] ?? rules;
    source.changed = new AbortController();
    before.abort();
  };
  const taken: string[] = [];
  class Taking extends Scripted {
    override rules = source.current;

    override takeUp(next: RuleSet): readonly Produced[] {
      this.rules = next;
      taken.push(next.revision);
      return [];
    }
  }
  let waiting = 0;
  await runPartition(
    {
      ...{ topic: topics.metrics, partition: 0, lost: lost.signal, position: 0 },
      committed: async () => null,
      seek: () => undefined,
      close: async () => undefined,
      pull: ({ signal }) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve(null), { once: true });
          if (signal?.aborted) resolve(null);
          waiting++;
          if (waiting === 1) change();
          if (waiting === 3) lost.abort();
        }),
      commit: async (_, commit) => {
        // The second change comes while the first one is being committed.
        if (taken.length === 1) change();
        return { next: commit.next, state: null, replayFrom: 0 };
      },
    },
    {
      factory: { ...factory, create: () => new Taking() },
      codec: embeddedCodec(),
      rules: {
        get current() {
          return source.current;
        },
        get changed() {
          return source.changed.signal;
        },
      },
      warn: (message) => expect.unreachable(message),
      clock: () => 0,
      pause: async () => undefined,
    },
  );
  expect(taken).toEqual(sets.slice(1).map(({ revision }) => revision));
});
