import type { RuleSet } from '../pipeline/model/rule.js';
import { topics } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import type { EventLog, TopicSpec } from '../platform/log/event-log.js';
import type { RulesRejected } from '../schemas/types.js';
import { videoTopics } from '../video/jobs/topics.js';

/** Partitions of `metrics`; of `partials`, `windows` and `alerts`; of `video-jobs` and `video-events`. */
export const PARTITIONS = 4;

export function topicSpecs(retentionMs: number): TopicSpec[] {
  const { jobs, events } = videoTopics;
  const spread = [topics.metrics, topics.partials, topics.windows, topics.alerts, jobs, events];
  return [
    ...spread.map((name) => ({ name, partitions: PARTITIONS, retentionMs })),
    { name: topics.rules, partitions: 1, retentionMs: null },
    { name: topics.deadLetter, partitions: 1, retentionMs },
    { name: topics.targets, partitions: 1, retentionMs },
  ];
}

export const topicNames: readonly string[] = topicSpecs(0).map(({ name }) => name);

const REJECTED = 'rejected';

/** The revision that was kept last; null before the first, and where a file was rejected since. */
async function newestRevision(log: EventLog): Promise<string | null> {
  const reader = log.read(topics.rules, 0, 0);
  let newest: string | null = null;
  try {
    for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 })) {
      while (batch.advance()) newest = batch.bytes.toString('utf8', batch.keyStart, batch.keyEnd);
    }
    return newest === REJECTED ? null : newest;
  } finally {
    await reader.close();
  }
}

/**
 * Keeps the text of every rule file that was ever in use, for those who explain an old alert; the last one is the
 * one in use. Of several processes that take up the same file only the first writes it, unless two do so at once.
 */
export async function rememberRules(log: EventLog, codec: Codec, rules: RuleSet): Promise<void> {
  const { revision, file, text } = rules;
  if ((await newestRevision(log)) === revision) return;
  const value = codec.encode('RulesRevision', { revision, file, text });
  await log.append({ topic: topics.rules, partition: 0, records: [{ key: Buffer.from(revision), value }] });
}

/** Tells those who read the log that a rule file could not be taken up, until `rememberRules` says otherwise. */
export async function rejectRules(log: EventLog, codec: Codec, rejected: RulesRejected): Promise<void> {
  const value = codec.encode('RulesRejected', rejected);
  await log.append({ topic: topics.rules, partition: 0, records: [{ key: Buffer.from(REJECTED), value }] });
}
