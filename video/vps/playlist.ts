export interface Segment {
  readonly file: string;
  /** s */
  readonly seconds: number;
}

/** An HLS media playlist. */
export interface Playlist {
  /** Files of the headers of its segments. */
  readonly inits: readonly string[];
  readonly segments: readonly Segment[];
  readonly ended: boolean;
}

export function parsePlaylist(text: string): Playlist {
  const inits: string[] = [];
  const segments: Segment[] = [];
  let seconds = Number.NaN;
  for (const line of text.split(/\r?\n/)) {
    const [, init] = /^#EXT-X-MAP:URI="([^"]+)"/.exec(line) ?? [];
    if (init !== undefined) inits.push(init);
    const [, length] = /^#EXTINF:([\d.]+)/.exec(line) ?? [];
    if (length !== undefined) seconds = Number(length);
    if (!/^[^#\s]/.test(line)) continue;
    segments.push({ file: line, seconds });
    seconds = Number.NaN;
  }
  return { inits, segments, ended: /^#EXT-X-ENDLIST$/m.test(text) };
}
