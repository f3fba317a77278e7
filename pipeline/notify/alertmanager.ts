import type { Post } from '../../platform/http/post.js';
import type { Notice } from './notice.js';
import { linkTo, placeOf, postTo, type Receiver, timeText } from './receiver.js';

export interface AlertmanagerOptions {
  /** Of the Alertmanager itself: the API is below it. */
  readonly url: string;
  readonly post: Post;
  /** Where the view is, for those who read the alert; empty where nowhere. */
  readonly externalUrl: string;
  /** How often what fires is sent again, ms. */
  readonly interval: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

/** So many intervals after it was heard of last, an alert is over by itself: as Prometheus has it. */
const INTERVALS = 4;

/** The body of `POST /api/v2/alerts` (Alertmanager's api/v2/openapi.yaml, postableAlerts). */
export function postableAlerts(
  notices: readonly Notice[],
  { externalUrl, interval, now }: { externalUrl: string; interval: number; now: number },
): string {
  return JSON.stringify(
    notices.map((notice) => {
      const { labels, annotations, startsAt, endsAt } = notice;
      const generatorURL = linkTo(externalUrl, notice);
      return {
        labels,
        annotations,
        startsAt: timeText(startsAt),
        endsAt: timeText(endsAt ?? now + INTERVALS * interval),
        ...(generatorURL === '' ? {} : { generatorURL }),
      };
    }),
  );
}

/** One Alertmanager; of a cluster, each is one, since each has to be told. */
export function alertmanager({ url, post, clock, ...options }: AlertmanagerOptions): Receiver {
  const to = { post, url: `${url.replace(/\/+$/, '')}/api/v2/alerts` };
  return {
    name: `alertmanager ${placeOf(url)}`,
    forgetful: true,
    marked: false,
    send: (notices, signal) =>
      postTo(to, { body: postableAlerts(notices, { ...options, now: clock() }), headers: {} }, signal),
  };
}
