import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { type Probe, TranscodeError } from './transcoder.js';

const run = promisify(execFile);
const PROBE_MS = 30_000;

/** The demuxer is forced: what only calls itself mp4 (a playlist, say) could name other files. */
export const safeInput = ['-protocol_whitelist', 'file', '-f', 'mov'] as const;

const number = z.coerce.number();
const stream = z.object({
  index: z.number(),
  codec_type: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  duration: number.optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  disposition: z.object({ attached_pic: z.number().optional() }).optional(),
  tags: z.object({ rotate: z.string().optional() }).optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
});
const answer = z.object({
  streams: z.array(stream),
  format: z.object({ duration: number.optional() }),
});
type Stream = z.output<typeof stream>;

/** Asks ffprobe what the file holds. */
export async function probeFile(ffprobe: string, file: string): Promise<Probe> {
  const args = ['-v', 'error', ...safeInput, '-show_streams', '-show_format', '-of', 'json', file];
  const { stdout } = await run(ffprobe, args, { timeout: PROBE_MS, maxBuffer: 1 << 24 }).catch(
    (cause: { code?: unknown; stderr?: string; killed?: boolean }) => {
      if (cause.code === 'ENOENT') throw new TranscodeError('Missing', 'ffprobe is gone', { cause });
      if (cause.killed)
        throw new TranscodeError('TimedOut', 'reading the file took longer than 30 s', { cause });
      throw new TranscodeError('NotMedia', `the file is no mp4 that can be read: ${told(cause.stderr)}`, {
        cause,
      });
    },
  );
  const { streams, format } = answer.parse(JSON.parse(stdout));
  const video = streams.find(
    (one) => one.codec_type === 'video' && one.disposition?.attached_pic !== 1 && one.width && one.height,
  );
  if (!video) throw new TranscodeError('NoVideo', 'the file holds no video');
  const audio = streams.find(({ codec_type }) => codec_type === 'audio');
  return {
    ...displaySize(video),
    seconds: format.duration ?? video.duration ?? 0,
    frameRate: rate(video.avg_frame_rate) ?? rate(video.r_frame_rate),
    pixels: (video.width ?? 0) * (video.height ?? 0),
    videoStream: video.index,
    audioStream: audio?.index ?? null,
  };
}

/** The first thing that ffmpeg or ffprobe said, without paths. */
export function told(stderr: string | undefined): string {
  const line = (stderr ?? '').split('\n').find((one) => one.trim() !== '') ?? 'it said nothing';
  return line
    .replace(/^\[[^\]]*\]\s*/, '')
    .replace(/(?:file:)?\/\S+\/\S+/g, 'the file')
    .trim();
}

function displaySize({ width = 0, height = 0, sample_aspect_ratio, tags, side_data_list }: Stream): {
  width: number;
  height: number;
} {
  const [across = 1, down = 1] = (sample_aspect_ratio ?? '1:1').split(':').map(Number);
  const wide = across > 0 && down > 0 ? Math.round((width * across) / down) : width;
  const rotation =
    side_data_list?.find((one) => one.rotation !== undefined)?.rotation ?? Number(tags?.rotate ?? 0);
  return Math.abs(rotation) % 180 === 90 ? { width: height, height: wide } : { width: wide, height };
}

function rate(text: string | undefined): number | null {
  const [frames = 0, seconds = 0] = (text ?? '').split('/').map(Number);
  const found = frames / seconds;
  return Number.isFinite(found) && found > 0 ? found : null;
}
