import type { Answer, Message, Post } from '../../platform/http/post.js';
import { printable } from '../model/text.js';
import type { MarkedNotice, Notice } from './notice.js';

/** refused: the same again would be refused again. failed: it may be taken another time. */
export type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused' | 'failed'; readonly detail: string };

/** Whoever is told of alerts. */
export interface Receiver {
  /** For people and metrics, and by which it is remembered how far it was told. */
  readonly name: string;
  /** Whether it forgets what it is not told again: each interval, all that fires or resolved lately. */
  readonly forgetful: boolean;
  /** Whether it is told of silences and acknowledgements. */
  readonly marked: boolean;
  /** Never rejects. */
  send(notices: readonly MarkedNotice[], signal: AbortSignal): Promise<Outcome>;
}

/** RFC 3339 */
export const timeText = (ms: number): string => new Date(ms).toISOString();

/** A link to the alert in the view; empty where nobody said where that is. */
export const linkTo = (externalUrl: string, { fingerprint }: Notice): string =>
  externalUrl === '' ? '' : `${externalUrl.replace(/\/+$/, '')}/?alert=${encodeURIComponent(fingerprint)}`;

/** An address for people and metrics: without user, password and query, which may be secrets. */
export const placeOf = (url: string): string => {
  const { host, pathname } = new URL(url);
  return host + pathname.replace(/\/+$/, '');
};

/** What is wrong with the message itself, and not with the moment or the address. */
const REFUSED = new Set([400, 413, 422]);
const MOST_QUOTED = 500;

export async function postTo(
  { post, url }: { readonly post: Post; readonly url: string },
  message: Message,
  signal: AbortSignal,
): Promise<Outcome> {
  let answer: Answer;
  try {
    answer = await post(url, message, signal);
  } catch (error) {
    return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) };
  }
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  const said = printable(body.trim()).slice(0, MOST_QUOTED);
  return { kind: REFUSED.has(status) ? 'refused' : 'failed', detail: `it answered ${status}: ${said}` };
}
