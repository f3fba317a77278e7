import { Option } from 'commander';
import { UsageError } from './usage-error.js';

/** Parsers of options that several commands share, by what an error calls the option; each throws `UsageError`. */
export const count =
  (option: string) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw new UsageError(`${option}: "${text}" is no whole number from 0 on`);
  };

export const positive =
  (option: string) =>
  (text: string): number => {
    const value = Number(text);
    if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
    throw new UsageError(`${option}: "${text}" is no number above 0`);
  };

export const share =
  (option: string) =>
  (text: string): number => {
    const value = text === '' ? Number.NaN : Number(text);
    if (value >= 0 && value <= 1) return value;
    throw new UsageError(`${option}: "${text}" is no probability from 0 to 1`);
  };

/** Reads an origin, perhaps with a path, without the slash at its end; `option` as an error calls it. */
export const httpUrl =
  (option: string) =>
  (text: string): string => {
    if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
    throw new UsageError(`${option}: "${text}" is no address: write it like http://localhost:8080`);
  };

export const urlOption = (): Option =>
  new Option('--url <url>', 'where the platform is')
    .env('TIDEMARK_URL')
    .default('http://127.0.0.1:8080')
    .argParser(httpUrl('--url (TIDEMARK_URL)'));

export const tokenOption = (): Option =>
  new Option('--token <text>', 'what it asks for, where it asks for a token')
    .env('TIDEMARK_TOKEN')
    .default('');

/** What says it to the server; nothing without one. */
export const authorization = (token: string): Record<string, string> =>
  token === '' || token === 'none' ? {} : { authorization: `Bearer ${token}` };

/** What is asked for, as the query of a URL. */
export function queryOf(asked: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? '' : `?${query}`;
}

/** Forms of output: text, json, and others of the command's own. */
export const outputOption = (...others: readonly string[]): Option => {
  const forms = ['text', ...others, 'json'];
  return new Option('-o, --output <form>', forms.join(', ')).choices(forms).default('text');
};
