/** What a media file holds, as far as encoding needs to know. */
export interface Probe {
  /** Of the longest stream, s. */
  readonly seconds: number;
  /** Of the video alone, s. */
  readonly videoSeconds: number;
  /** Of the sound alone, s; null where there is none. */
  readonly audioSeconds: number | null;
  /** As displayed: rotated and with square pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames per second; null where the file does not say. */
  readonly frameRate: number | null;
  /** Pixels of a coded frame, before scaling. */
  readonly pixels: number;
  /** Index of the stream among all streams of the file. */
  readonly videoStream: number;
  readonly audioStream: number | null;
}

/** One quality of the video. */
export interface Rendition {
  readonly codec: 'h264' | 'vp9';
  /** Even. */
  readonly width: number;
  readonly height: number;
  /** kbit/s */
  readonly bitrate: number;
}

export interface EncodeOptions {
  readonly input: string;
  readonly probe: Probe;
  readonly renditions: readonly Rendition[];
  /** An empty folder for manifest, playlists and segments. */
  readonly folder: string;
  /** An encode that fills its folder beyond this is killed, bytes. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
  /** Called with the share of the input that is encoded, from 0 to 1, and only as it grows. */
  readonly onProgress: (share: number) => void;
}

export interface ClipOptions {
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  readonly audio: boolean;
}

/** A sheet of pictures of one size. */
export interface Tiles {
  readonly columns: number;
  readonly rows: number;
  /** Of one, pixels. */
  readonly width: number;
  readonly height: number;
}

export interface PictureOptions {
  /** Of an encode of ours. */
  readonly folder: string;
  /** Names in it: the header, segments, and the JPEG to be made. */
  readonly init: string;
  readonly segments: readonly string[];
  readonly file: string;
  /** How far into the only segment the picture is taken, s; with 0, the first frame of each is. */
  readonly skip: number;
  readonly tiles: Tiles;
  readonly signal: AbortSignal;
}

/** Reads and encodes media. */
export interface Transcoder {
  /** Rejects with `TranscodeError` where it is no mp4, or holds no video. */
  probe(file: string, signal?: AbortSignal): Promise<Probe>;
  /** Encodes to DASH (`video.mpd`) and HLS (`master.m3u8`) over the same fMP4 segments. */
  encode(options: EncodeOptions): Promise<void>;
  /** Makes one JPEG of what was encoded, a tile for each segment. */
  picture(options: PictureOptions): Promise<void>;
  /** Makes an mp4 of a test card, for those who have no video at hand. */
  makeClip(file: string, options: ClipOptions): Promise<void>;
}

/**
 * What an error says something about: the video (the same input fails again), this one attempt (another may
 * do), or this place (every job would fail here now, and each can be done once it is mended).
 */
export type Blame = 'video' | 'attempt' | 'place';

const blames = {
  NotMedia: 'video',
  NoVideo: 'video',
  Refused: 'video',
  Failed: 'video',
  TimedOut: 'video',
  TooLarge: 'video',
  Stalled: 'attempt',
  Killed: 'attempt',
  Aborted: 'attempt',
  NoRoom: 'attempt',
  Missing: 'place',
  DiskFull: 'place',
} as const satisfies Readonly<Record<string, Blame>>;

export type TranscodeErrorCode = keyof typeof blames;

/** An error of a transcoder, told for people, without a path of ours. */
export class TranscodeError extends Error {
  override readonly name = 'TranscodeError';

  constructor(
    readonly code: TranscodeErrorCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
  }

  get blame(): Blame {
    return blames[this.code];
  }
}
