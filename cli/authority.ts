import { readFileSync } from 'node:fs';
import { UsageError } from './usage-error.js';

/** The text of a PEM file that a setting names; throws `UsageError`. */
export function readPem(setting: string, file: string, way = ''): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${setting}: ${error instanceof Error ? error.message : error}${way}`);
  }
}

/** The authority of the server at an address; none where no file is given. Throws `UsageError`. */
export function authorityOf(url: string, variable: string, file: string): { readonly ca?: string } {
  if (file === '') return {};
  if (/^(?:https|rediss):/.test(url)) return { ca: readPem(variable, file) };
  throw new UsageError(
    `${variable} is set, but ${url.split(':')[0]}:// is without TLS: use https:// or rediss://`,
  );
}
