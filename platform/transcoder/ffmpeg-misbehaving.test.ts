import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { card, clip, h264, tools } from './clips.fixture.js';
import { Encodes } from './encode.fixture.js';
import { ffmpegTranscoder } from './ffmpeg.js';
import type { Probe, Transcoder } from './transcoder.js';

const encodes = new Encodes();
afterAll(() => encodes[Symbol.dispose]());
let programs = 0;

describe('an encode by a program that misbehaves', () => {
  /** Stands for ffmpeg: can what that can, when it is asked, and else does this. */
  const program = (...does: readonly string[]): Transcoder & { tick(ms: number): void } => {
    const path = join(encodes.path, `program-${++programs}`);
    const able = `case "$*" in *-formats*|*-encoders*) exec '${tools.ffmpeg}' "$@";; esac`;
    const script = ['#!/bin/sh', able, ...does, ''];
    writeFileSync(path, script.join('\n'), { mode: 0o755 });
    let now = 0;
    let look: () => void = () => undefined;
    const transcoder = ffmpegTranscoder(
      { ...tools, ffmpeg: path },
      {
        stallMs: 60_000,
        clock: () => now,
        every: (_, tick) => {
          look = tick;
          return () => {
            look = () => undefined;
          };
        },
      },
    );
    const tick = (ms: number): void => {
      now += ms;
      look();
    };
    return { ...transcoder, tick };
  };
  const says = (time: string): string => `printf 'frame=1 time=${time} bitrate=1\\r' >&2`;
  const good = async (): Promise<Probe> =>
    ffmpegTranscoder(tools).probe(await clip(encodes.path, 'good.mp4', ...card('160x90', 4), ...h264));

  test('is killed where it gets no further, though it goes on talking, and may be tried again', async () => {
    // What it has said before, and an earlier time, is no progress.
    const step = `${says('00:00:01.00')}; ${says('00:00:00.50')}; ${says('00:00:01.00')}`;
    const transcoder = program(step, 'exec sleep 600');
    const shares: number[] = [];
    const probe = await good();
    const encoding = encodes.encode('any.mp4', {
      ...{ transcoder, probe },
      onProgress: (share) => {
        shares.push(share);
        // A second before its time nothing happens.
        transcoder.tick(59_000);
        transcoder.tick(1_000);
      },
    });
    await expect(encoding).rejects.toMatchObject({
      ...{ code: 'Stalled', blame: 'attempt' },
      message: 'encoding got no further for 60 s',
    });
    expect(shares).toEqual([0.25]);
    expect(encodes.running).toBe(false);
  });

  test('goes on for as long as it gets further', async () => {
    const times = [1, 2, 3].map((second) => says(`00:00:0${second}.00`));
    const transcoder = program(...times, 'exit 3');
    const probe = await good();
    const encoding = encodes.encode('any.mp4', {
      ...{ transcoder, probe },
      onProgress: () => transcoder.tick(59_000),
    });
    await expect(encoding).rejects.toMatchObject({ code: 'Failed' });
  });

  test('is killed where it writes more than it may, and is not tried again', async () => {
    const fill = 'for last; do :; done; head -c 2000 /dev/zero > "$(dirname "$last")/seg-0-00001.m4s"';
    const transcoder = program(fill, says('00:00:01.00'), 'exec sleep 600');
    const encoding = encodes.encode('any.mp4', {
      ...{ transcoder, probe: await good(), mostBytes: 1_999 },
      onProgress: () => transcoder.tick(1_000),
    });
    await expect(encoding).rejects.toMatchObject({
      ...{ code: 'TooLarge', blame: 'video' },
      message: 'encoding wrote more than the 1999 bytes that are allowed',
    });
    expect(encodes.running).toBe(false);
  });

  test.each<[string, string, object]>([
    ['is killed from outside', 'kill -9 $$', { code: 'Killed', blame: 'attempt' }],
    ['crashes', 'kill -11 $$', { code: 'Killed', blame: 'attempt' }],
    [
      'finds the disk full',
      'echo "av_write: No space left on device" >&2; exit 1',
      { code: 'DiskFull', blame: 'place' },
    ],
    ['gets no memory', 'echo "x: Cannot allocate memory" >&2; exit 1', { code: 'TooLarge', blame: 'video' }],
  ])('tells whom to blame where it %s', async (_, does, error) => {
    const encoding = encodes.encode('any.mp4', { transcoder: program(does), probe: await good() });
    await expect(encoding).rejects.toMatchObject(error);
  });
});
