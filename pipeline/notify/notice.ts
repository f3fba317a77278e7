import type { AlertRecord } from '../../schemas/types.js';
import type { MarksJson } from '../model/marks.js';
import type { Labels } from '../model/matcher.js';
import { byCodeUnits } from '../model/text.js';

/** What a receiver is told of an alert: a transition to firing or resolved. */
export interface Notice {
  /** That of the alert record: whoever has seen it has seen this. */
  readonly id: string;
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  /** With `alertname`. */
  readonly labels: Labels;
  readonly annotations: Labels;
  /** ms since the epoch */
  readonly startsAt: number;
  /** ms since the epoch; null while it fires. */
  readonly endsAt: number | null;
}

/** With what people say of it when it is sent. */
export interface MarkedNotice extends Notice {
  readonly marks?: MarksJson;
}

export const nameOf = ({ labels }: Pick<Notice, 'labels'>): string => labels.alertname ?? '';

/** Null where nobody is told: of what is pending, or was and never fired. */
export function noticeOf(record: AlertRecord): Notice | null {
  const { id, fingerprint, state, labels, annotations, startsAt, endsAt, windowEnd } = record;
  if (state !== 'firing' && state !== 'resolved') return null;
  const ended = state === 'resolved' ? (endsAt ?? windowEnd) : null;
  return { id, fingerprint, status: state, labels, annotations, startsAt, endsAt: ended };
}

/** So that those of one name follow each other. */
export const byName = (a: Notice, b: Notice): number =>
  byCodeUnits(nameOf(a), nameOf(b)) || byCodeUnits(a.fingerprint, b.fingerprint);

const MOST_TOGETHER = 64;

/**
 * What goes into one request, in order: those of one alert name that follow each other, none of them twice, 64 at
 * most.
 */
export function inRequests<T>(all: readonly T[], notice: (one: T) => Notice): T[][] {
  const requests: T[][] = [];
  let last: T[] = [];
  for (const one of all) {
    const { fingerprint, labels } = notice(one);
    const fits = last.every((other) => {
      const before = notice(other);
      return before.fingerprint !== fingerprint && nameOf(before) === nameOf({ labels });
    });
    if (requests.length === 0 || !fits || last.length === MOST_TOGETHER) {
      last = [];
      requests.push(last);
    }
    last.push(one);
  }
  return requests;
}
