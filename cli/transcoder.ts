import type { Logger } from '../platform/telemetry/logger.js';
import { ffmpegTranscoder } from '../platform/transcoder/ffmpeg.js';
import { findTools } from '../platform/transcoder/tools.js';
import type { Transcoder } from '../platform/transcoder/transcoder.js';
import type { encodeNames, Given } from './settings.js';

/** The transcoder over what this machine has, as it is set; rejects with `TranscodeError` where it has nothing. */
export async function openTranscoder(
  settings: Given<(typeof encodeNames)[number]>,
): Promise<{ readonly transcoder: Transcoder; announce(logger: Logger): void }> {
  const { encodeThreads: threads, encodeMemory: memory, stallAfter: stallMs } = settings;
  const tools = await findTools();
  const { ffmpeg, version, prlimit } = tools;
  return {
    transcoder: ffmpegTranscoder(tools, { threads, memory, stallMs }),
    announce: (logger) => {
      logger.info({ ffmpeg, version }, 'videos are encoded with ffmpeg');
      if (prlimit === null)
        logger.warn('there is no prlimit here (of util-linux): nothing bounds the memory of an encode');
    },
  };
}
