import { expect, test } from 'vitest';
import { parsePlaylist } from './playlist.js';

test('a playlist is its header files and its segments, each with its length', () => {
  const head = '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-MAP:URI="init-0.m4s"\n';
  const dated = '#EXTINF:2.000000,\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\nseg-0-1.m4s\n';
  const rest = '#EXTINF:1.5,\r\nseg-0-2.m4s\r\n#EXT-X-ENDLIST\n';
  expect(parsePlaylist(head + dated + rest)).toEqual({
    inits: ['init-0.m4s'],
    segments: [
      { file: 'seg-0-1.m4s', seconds: 2 },
      { file: 'seg-0-2.m4s', seconds: 1.5 },
    ],
    ended: true,
  });
});

test('a segment whose length is missing has none, and a playlist without an end says so', () => {
  expect(parsePlaylist('#EXTM3U\n#EXTINF:2,\na.m4s\nb.m4s\n')).toEqual({
    inits: [],
    segments: [
      { file: 'a.m4s', seconds: 2 },
      { file: 'b.m4s', seconds: Number.NaN },
    ],
    ended: false,
  });
});
