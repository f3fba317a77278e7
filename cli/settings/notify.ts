import { z } from 'zod';
import { address, waiting } from './parsers.js';

const web = address(['http', 'https']);

const addresses = z.string().transform((text, context) => {
  const all = text.split(',').flatMap((one) => one.trim() || []);
  const wrong = all.find((one) => !web.safeParse(one).success);
  if (wrong === undefined && new Set(all).size === all.length) return all;
  context.addIssue(
    wrong === undefined
      ? 'names one twice'
      : `"${wrong}" is no address: write them like http://host:9093,http://host:9093`,
  );
  return z.NEVER;
});

const addressOrEmpty = z.string().superRefine((text, context) => {
  if (text !== '' && !web.safeParse(text).success)
    context.addIssue(`"${text}" is no address: write it like https://host/path`);
});

/** To whom alerts are handed over: declared as in the table of all settings. */
export const notifySettings = {
  alertmanager: {
    flag: '--alertmanager <url,url>',
    default: '',
    help: 'hand alerts over to these Alertmanagers, all of them',
    schema: addresses,
  },
  webhook: {
    flag: '--webhook <url>',
    default: '',
    help: "hand alerts over to this address, in the form of Alertmanager's webhooks",
    schema: addressOrEmpty,
  },
  webhookSecret: {
    flag: '--webhook-secret <text>',
    default: '',
    help: 'what these are signed with; better given by its variable, or as a file',
    schema: z.string(),
  },
  webhookSecretFile: {
    flag: '--webhook-secret-file <file>',
    default: '',
    help: 'file of that secret',
    schema: z.string(),
  },
  externalUrl: {
    flag: '--external-url <url>',
    default: '',
    help: 'where people find the view, for links in what is handed over; none without',
    schema: addressOrEmpty,
  },
  watchdogAfter: {
    flag: '--watchdog-after <duration>',
    default: '10m',
    help: 'without a closed window for so long, TidemarkWatchdog is silent; longer than the shortest window',
    schema: waiting,
  },
} as const;

export const notifyNames = [
  ...(['alertmanager', 'webhook', 'webhookSecret', 'webhookSecretFile'] as const),
  ...(['externalUrl', 'watchdogAfter'] as const),
] as const;
