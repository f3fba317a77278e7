import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageFile, PageFiles } from '../pipeline/view/page-files.js';

const built = join(dirname(fileURLToPath(import.meta.url)), '..');
/** What the page is made of, and what of ours it computes with. */
const FOLDERS = ['pipeline/view/page', 'pipeline/view/page/vendor', 'pipeline/model'];
const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page as it was built into a folder, that of this file unless told otherwise, read once. */
export function readPage(root = built): PageFiles {
  const files = new Map<string, PageFile>();
  for (const folder of FOLDERS.filter((one) => existsSync(join(root, one))))
    for (const name of readdirSync(join(root, folder))) {
      const type = types[extname(name)];
      if (type === undefined) continue;
      const body = new Uint8Array(readFileSync(join(root, folder, name)));
      const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
      files.set(`${folder}/${name}`, { body, type, etag });
    }
  return files;
}
