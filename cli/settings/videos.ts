import type { UserLimits } from '../../video/vms/usage.js';
import { duration, orOff, size, wholeNumber } from './parsers.js';

/** What users of the video platform may have, and what is kept for how long. */
export const videoSettings = {
  videosPerUser: {
    flag: '--videos-per-user <n>',
    default: '1000',
    help: 'videos that a user may have; off: any number',
    schema: orOff(wholeNumber),
  },
  bytesPerUser: {
    flag: '--bytes-per-user <size>',
    default: '100GiB',
    help: 'what the uploads of a user may be together; off: anything',
    schema: orOff(size),
  },
  uploadsPerUser: {
    flag: '--uploads-per-user <n>',
    default: '8',
    help: 'uploads of a user at a time, in each replica; off: any number',
    schema: orOff(wholeNumber),
  },
  abandonAfter: {
    flag: '--abandon-after <duration>',
    default: '1d',
    help: 'how long a video waits for its file before it is removed',
    schema: duration,
  },
  keepFailed: {
    flag: '--keep-failed <duration>',
    default: '1d',
    help: 'how long the upload of a video that failed is kept, to be tried again',
    schema: duration,
  },
} as const;

export const videoNames = [
  ...(['videosPerUser', 'bytesPerUser', 'uploadsPerUser', 'abandonAfter', 'keepFailed'] as const),
];

/** What a user may have at most, as the settings say. */
export const limitsOf = (settings: {
  readonly videosPerUser: number;
  readonly bytesPerUser: number;
  readonly uploadsPerUser: number;
}): UserLimits => ({
  videos: settings.videosPerUser,
  bytes: settings.bytesPerUser,
  uploads: settings.uploadsPerUser,
});
