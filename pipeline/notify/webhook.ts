import { createHmac } from 'node:crypto';
import type { Post } from '../../platform/http/post.js';
import { digest } from '../model/alert-record.js';
import type { Labels } from '../model/matcher.js';
import { groupText } from '../model/text.js';
import { type MarkedNotice, nameOf } from './notice.js';
import { linkTo, placeOf, postTo, type Receiver, timeText } from './receiver.js';

export interface WebhookOptions {
  readonly url: string;
  readonly post: Post;
  /** What messages are signed with; empty where they are not. */
  readonly secret: string;
  readonly externalUrl: string;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

/** Go's zero time, which Alertmanager's webhooks have for an end that is not known. */
const NO_END = '0001-01-01T00:00:00Z';
const RECEIVER = 'tidemark';

/** The body of Alertmanager's webhooks, version 4 (its notify/webhook, Message), with the id of each transition and its marks. */
export function webhookMessage(notices: readonly MarkedNotice[], externalURL: string): string {
  const groupLabels: Labels = { alertname: notices[0] ? nameOf(notices[0]) : '' };
  return JSON.stringify({
    version: '4',
    groupKey: `{}:${groupText(groupLabels)}`,
    truncatedAlerts: 0,
    status: notices.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver: RECEIVER,
    groupLabels,
    commonLabels: common(notices.map(({ labels }) => labels)),
    commonAnnotations: common(notices.map(({ annotations }) => annotations)),
    externalURL,
    alerts: notices.map((notice) => ({
      status: notice.status,
      labels: notice.labels,
      annotations: notice.annotations,
      startsAt: timeText(notice.startsAt),
      endsAt: notice.endsAt === null ? NO_END : timeText(notice.endsAt),
      generatorURL: linkTo(externalURL, notice),
      fingerprint: notice.fingerprint,
      id: notice.id,
      ...notice.marks,
    })),
  });
}

/** What all have, with the same value. */
function common([first = {}, ...rest]: readonly Labels[]): Labels {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((one) => one[name] === value)),
  );
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY`, as Stripe signs its webhooks. */
export function signatureOf(body: string, secret: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Anybody who understands Alertmanager's webhooks. */
export function webhook({ url, post, secret, externalUrl, clock }: WebhookOptions): Receiver {
  return {
    name: `webhook ${placeOf(url)}`,
    forgetful: false,
    marked: true,
    send: (notices, signal) => {
      const body = webhookMessage(notices, externalUrl);
      const delivery = { 'tidemark-delivery': digest(notices.map(({ id }) => id).join('\n')) };
      const signed =
        secret === '' ? {} : { 'tidemark-signature': signatureOf(body, secret, Math.floor(clock() / 1_000)) };
      return postTo({ post, url }, { body, headers: { ...delivery, ...signed } }, signal);
    },
  };
}
