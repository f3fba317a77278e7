import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/tidemark.js';
import { FolderSize } from './folder-size.js';

test('the size of a folder is that of all in it, also of what still grows; none where it is gone', async () => {
  using root = temporaryFolder();
  const folder = join(root.path, 'out');
  const size = new FolderSize(folder);
  expect(await size.bytes()).toBe(0);
  mkdirSync(folder);
  for (const [name, length] of [
    ['seg-0-00001.m4s', 100],
    ['seg-0-00002.m4s.tmp', 10],
    ['video.mpd', 1],
  ] as const)
    writeFileSync(join(folder, name), Buffer.alloc(length));
  expect(await size.bytes()).toBe(111);
  for (const name of ['seg-0-00002.m4s.tmp', 'video.mpd']) appendFileSync(join(folder, name), 'xxxx');
  expect(await size.bytes()).toBe(119);
  rmSync(join(folder, 'seg-0-00002.m4s.tmp'));
  expect(await size.bytes()).toBe(105);
  rmSync(folder, { recursive: true });
  expect(await size.bytes()).toBe(0);
});
