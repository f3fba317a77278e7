import type { Share } from './bounded.js';
import { MAX_PIXELS } from './bounded.js';
import { safeInput } from './probe.js';
import type { PictureOptions, Probe, Rendition } from './transcoder.js';

/** Length of a segment, s: every quality has a key frame at each. */
const SEGMENT = 2;
/** Frames per second that are kept; a slide show gets more, for segments of the usual length. */
const MOST_FRAMES = 60;
const LEAST_FRAMES = 5;
const USUAL_FRAMES = 25;

/** Of what comes from outside: no other file, no frame beyond the bound, and no decoder with threads of its own choice. */
export const inputOptions = ({ threads }: Share): string[] => [
  ...['-v', 'error', '-stats', '-nostdin', '-xerror'],
  ...['-filter_threads', String(threads), '-threads', String(threads), '-max_pixels', String(MAX_PIXELS)],
  ...safeInput,
];

/** DASH and HLS over the same segments; every codec, and the sound, an adaptation set of its own. */
export function outputOptions(probe: Probe, renditions: readonly Rendition[], threads: number): string[] {
  const rate = Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, probe.frameRate ?? USUAL_FRAMES));
  // Never short of a segment, which then would hold two key frames.
  const frames = String(Math.ceil(rate * SEGMENT - 0.01));
  const args = renditions.flatMap(() => ['-map', `0:${probe.videoStream}`]);
  if (probe.audioStream !== null) args.push('-map', `0:${probe.audioStream}`);
  // A title is for the owner to give, and where a phone was is nobody's business.
  args.push('-map_metadata', '-1', '-map_chapters', '-1');
  args.push('-threads', String(threads), '-pix_fmt', 'yuv420p', '-r', String(rate));
  args.push('-g', frames, '-keyint_min', frames, '-sc_threshold', '0', '-flags', '+cgop');
  // Even sizes differ a little in shape, which a set does not allow: all are shown in the shape of the input.
  const shape = `${probe.width}/${probe.height}:max=10000`;
  for (const [i, { codec, width, height, bitrate }] of renditions.entries()) {
    // By its rate alone, ffmpeg does not know how long the last frame is shown: an only one would be lost.
    args.push(`-filter:v:${i}`, `fps=${rate},scale=${width}:${height},setdar=${shape}`);
    args.push(`-b:v:${i}`, `${bitrate}k`, `-maxrate:v:${i}`, `${Math.round(bitrate * 1.2)}k`);
    args.push(`-bufsize:v:${i}`, `${bitrate * 2}k`);
    if (codec === 'h264') args.push(`-c:v:${i}`, 'libx264', `-preset:v:${i}`, 'veryfast');
    else args.push(`-c:v:${i}`, 'libvpx-vp9', `-deadline:v:${i}`, 'realtime', `-cpu-used:v:${i}`, '6');
  }
  if (probe.audioStream !== null) args.push('-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-ar', '48000');
  const sets = [
    ...(['h264', 'vp9'] as const).map((codec) =>
      renditions.flatMap((one, i) => (one.codec === codec ? [i] : [])),
    ),
    probe.audioStream === null ? [] : [renditions.length],
  ].filter((streams) => streams.length > 0);
  const adaptation = sets.map((streams, id) => `id=${id},streams=${streams.join(',')}`).join(' ');
  args.push('-adaptation_sets', adaptation, '-f', 'dash', '-seg_duration', String(SEGMENT));
  args.push('-use_template', '1', '-use_timeline', '1', '-hls_playlist', '1', '-dash_segment_type', 'mp4');
  args.push('-init_seg_name', 'init-$RepresentationID$.m4s');
  args.push('-media_seg_name', 'seg-$RepresentationID$-$Number%05d$.m4s');
  return args;
}

/** A JPEG of segments of ours, by names in the folder that it runs in. */
export function pictureArguments(one: PictureOptions, { threads }: Share): [string, ...string[]] {
  const { init, segments, file, skip, tiles } = one;
  const { columns, rows, width, height } = tiles;
  const chosen = skip > 0 ? [`select=gte(t\\,${skip})`] : [];
  const filters = [...chosen, `scale=${width}:${height}`, 'setsar=1', `tile=${columns}x${rows}`];
  return [
    ...(['-v', 'error', '-nostdin', '-y', '-threads', String(threads)] as const),
    // Each segment begins with a key frame: nothing else of a whole video need be decoded.
    ...(skip > 0 ? [] : ['-skip_frame', 'nokey']),
    ...['-protocol_whitelist', 'concat,file', '-f', 'mov', '-i', `concat:${[init, ...segments].join('|')}`],
    ...['-an', '-vf', filters.join(','), '-frames:v', '1', '-q:v', '5', '-f', 'image2', '-update', '1', file],
  ];
}

/** The time of a line of `-stats`, s; null where it has none. */
export function timeOf(line: string): number | null {
  const found = /\btime=(\d+):(\d\d):(\d\d(?:\.\d+)?)(?=\s|$)/.exec(line);
  return found && Number(found[1]) * 3_600 + Number(found[2]) * 60 + Number(found[3]);
}
