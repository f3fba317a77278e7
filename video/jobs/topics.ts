import { createHash } from 'node:crypto';
import type { Codec } from '../../platform/codec/codec.js';
import type { Output } from '../../platform/log/event-log.js';
import type { VideoEvent, VideoJob } from '../../schemas/types.js';

/** Names of the topics between video management and video processing. */
export const videoTopics = { jobs: 'video-jobs', events: 'video-events', deadLetter: 'dead-letter' } as const;

/** The consumer group of each: video processing takes jobs, video management takes what became of them. */
export const videoGroups = { jobs: 'vps', events: 'vms' } as const;

/** Which partition a video goes to does not matter, as long as all of one video go the same way. */
const partitionOf = (video: string, partitions: number): number =>
  createHash('sha256').update(video).digest().readUInt32BE(0) % partitions;

export const jobId = (video: string, upload: string): string => `${video}.${upload}`;

export function jobOutput(codec: Codec, job: VideoJob, partitions: number): Output {
  const record = { key: Buffer.from(job.video), value: codec.encode('VideoJob', job) };
  return { topic: videoTopics.jobs, partition: partitionOf(job.video, partitions), records: [record] };
}

export function eventOutput(codec: Codec, event: VideoEvent, partitions: number): Output {
  const record = { key: Buffer.from(event.video), value: codec.encode('VideoEvent', event) };
  return { topic: videoTopics.events, partition: partitionOf(event.video, partitions), records: [record] };
}
