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
  readonly signal: AbortSignal;
  /** Called with the share of the input that is encoded, from 0 to 1. */
  readonly onProgress: (share: number) => void;
}

export interface ClipOptions {
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  readonly audio: boolean;
}

/** Reads and encodes media. */
export interface Transcoder {
  /** Rejects with `TranscodeError` where it is no mp4, or holds no video. */
  probe(file: string): Promise<Probe>;
  /** Encodes to DASH (`video.mpd`) and HLS (`master.m3u8`) over the same fMP4 segments. */
  encode(options: EncodeOptions): Promise<void>;
  /** Makes an mp4 of a test card, for those who have no video at hand. */
  makeClip(file: string, options: ClipOptions): Promise<void>;
}

export type TranscodeErrorCode = 'Missing' | 'NotMedia' | 'NoVideo' | 'Failed' | 'TimedOut' | 'Aborted';

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

  /** Whether the same input will fail in the same way again. */
  get permanent(): boolean {
    return this.code !== 'Missing' && this.code !== 'Aborted';
  }
}
