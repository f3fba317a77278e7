import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { bounded, MAX_PIXELS, type Share, type Tools } from './bounded.js';
import { type Probe, TranscodeError } from './transcoder.js';

const run = promisify(execFile);
const PROBE_MS = 30_000;
const UNREADABLE = `its video cannot be read: it is damaged, or a frame has more than ${MAX_PIXELS} pixels`;

/** The demuxer is forced: what only calls itself mp4 (a playlist, say) could name other files. Nor may an mp4 itself. */
export const safeInput = ['-protocol_whitelist', 'file', '-enable_drefs', '0', '-f', 'mov'] as const;

const number = z.coerce.number();
const stream = z.object({
  index: z.number(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
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
type Answer = z.output<typeof answer>;

/** Exit codes of one that could not start another. */
const startCodes = new Map<unknown, string>([
  [126, 'EACCES'],
  [127, 'ENOENT'],
]);

/** What is asked for, and no more: tags may hold anything. */
const entries = [
  'stream=index,codec_type,codec_name,width,height,duration,avg_frame_rate,r_frame_rate,sample_aspect_ratio',
  'stream_disposition=attached_pic',
  'stream_tags=rotate',
  'stream_side_data=rotation',
  'format=duration',
].join(':');

export interface ProbeOptions {
  readonly share: Share;
  readonly signal?: AbortSignal;
}

/** Asks ffprobe what the file holds. */
export async function probeFile(tools: Tools, file: string, options: ProbeOptions): Promise<Probe> {
  const { streams, format } = await ask(tools, file, options);
  // What nobody can decode counts as absent; a cover is a picture, and no video.
  const known = streams.filter(({ codec_name }) => codec_name !== undefined);
  const videos = known.filter((one) => one.codec_type === 'video' && one.disposition?.attached_pic !== 1);
  const video = videos.find((one) => one.width && one.height);
  if (!video) throw new TranscodeError('NoVideo', videos.length > 0 ? UNREADABLE : 'the file holds no video');
  const audio = known.find(({ codec_type }) => codec_type === 'audio');
  const seconds = format.duration ?? video.duration ?? 0;
  return {
    ...displaySize(video),
    seconds,
    videoSeconds: video.duration ?? seconds,
    audioSeconds: audio ? (audio.duration ?? seconds) : null,
    frameRate: rate(video.avg_frame_rate) ?? rate(video.r_frame_rate),
    pixels: (video.width ?? 0) * (video.height ?? 0),
    videoStream: video.index,
    audioStream: audio?.index ?? null,
  };
}

interface Failure {
  readonly code?: unknown;
  readonly name?: string;
  readonly stderr?: string;
  readonly killed?: boolean;
  readonly signal?: string | null;
}

async function ask(tools: Tools, file: string, { share, signal }: ProbeOptions): Promise<Answer> {
  // To tell what it is, frames are decoded here too.
  const frames = ['-threads', String(share.threads), '-max_pixels', String(MAX_PIXELS)];
  const args = ['-v', 'error', ...frames, ...safeInput, '-show_entries', entries, '-of', 'json', file];
  const notMedia = (why: string, cause: unknown): TranscodeError =>
    new TranscodeError('NotMedia', `the file is no mp4 that can be read: ${why}`, { cause });
  const explain = (cause: Failure): TranscodeError => {
    if (cause.name === 'AbortError') return new TranscodeError('Aborted', 'the probe was stopped', { cause });
    if (cause.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
      return notMedia('it holds too many streams', cause);
    // A text is what kept it from starting, as is 127 where the one that bounds its memory started it.
    const kept = typeof cause.code === 'string' ? cause.code : startCodes.get(cause.code);
    if (kept !== undefined)
      return new TranscodeError('Missing', `ffprobe cannot be started: ${kept}`, { cause });
    if (cause.killed)
      return new TranscodeError('Stalled', 'reading the file took longer than 30 s', { cause });
    if (cause.signal) return new TranscodeError('Killed', `ffprobe was ended by ${cause.signal}`, { cause });
    return notMedia(told(cause.stderr, [file]), cause);
  };
  const [program, all] = bounded(tools, share, [tools.ffprobe, ...args]);
  const limits = { timeout: PROBE_MS, killSignal: 'SIGKILL', ...(signal && { signal }) } as const;
  const { stdout } = await run(program, all, limits).catch((cause: Failure) => {
    throw explain(cause);
  });
  try {
    return answer.parse(JSON.parse(stdout));
  } catch (cause) {
    throw notMedia('its description makes no sense', cause);
  }
}

/** The first thing that ffmpeg or ffprobe said, without the paths: what we know of, and what looks like one. */
export function told(stderr: string | undefined, paths: readonly string[]): string {
  const line = (stderr ?? '').split('\n').find((one) => one.trim() !== '') ?? 'it said nothing';
  return paths
    .reduce((text, path) => text.replaceAll(path, 'the file'), line.replace(/^(?:\[[^\]]*\]\s*)+/, ''))
    .replace(/(?:file:)?\/[^\s:]+\/[^\s:]+/g, 'the file')
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
