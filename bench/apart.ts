import type { EventLog, OwnedPartition } from '../platform/log/event-log.js';

/** The log with topics and groups of its own: another phase uses those of the usual names. */
export function apart(log: EventLog, prefix: string): EventLog {
  const named = (name: string): string => `${prefix}-${name}`;
  const moved = <T extends { readonly topic: string }>(one: T): T => ({ ...one, topic: named(one.topic) });
  const owned = (one: OwnedPartition): OwnedPartition => ({
    topic: one.topic,
    partition: one.partition,
    lost: one.lost,
    get position() {
      return one.position;
    },
    seek: (offset) => one.seek(offset),
    pull: (options) => one.pull(options),
    committed: () => one.committed(),
    commit: (outputs, commit) => one.commit(outputs.map(moved), commit),
    close: () => one.close(),
  });
  return {
    createTopics: (topics) => log.createTopics(topics.map((one) => ({ ...one, name: named(one.name) }))),
    partitions: (topic) => log.partitions(named(topic)),
    append: (output) => log.append(moved(output)),
    writer: (name, topic, partition) => log.writer(name, named(topic), partition),
    read: (topic, partition, from) => log.read(named(topic), partition, from),
    range: (topic, partition) => log.range(named(topic), partition),
    offsetAt: (topic, partition, time) => log.offsetAt(named(topic), partition, time),
    join: (group, topic, onAssigned) => log.join(named(group), named(topic), (one) => onAssigned(owned(one))),
    close: () => log.close(),
  };
}
