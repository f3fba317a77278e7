import { readFileSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';
import { alertmanager } from '../pipeline/notify/alertmanager.js';
import { Notifier, type NotifierOptions } from '../pipeline/notify/notifier.js';
import type { Receiver } from '../pipeline/notify/receiver.js';
import { webhook } from '../pipeline/notify/webhook.js';
import { httpPost } from '../platform/http/http-post.js';
import type { notifyNames } from './settings/notify.js';
import type { Given } from './settings.js';
import { UsageError } from './usage-error.js';

export type NotifySettings = Given<(typeof notifyNames)[number]>;

/** As Prometheus has it. */
const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 10_000;

/** Whoever is to be told of alerts; nobody where none is named. Throws `UsageError`. */
export function receiversOf(settings: NotifySettings): readonly Receiver[] {
  const { alertmanager: alertmanagers, webhook: hook, externalUrl } = settings;
  const common = { post: httpPost(TIMEOUT_MS), externalUrl, clock: Date.now };
  const secret = secretOf(settings);
  return [
    ...alertmanagers.map((url) => alertmanager({ ...common, url, interval: INTERVAL_MS })),
    ...(hook === '' ? [] : [webhook({ ...common, url: hook, secret })]),
  ];
}

function secretOf({ webhook: hook, webhookSecret, webhookSecretFile }: NotifySettings): string {
  if (webhookSecret !== '' && webhookSecretFile !== '')
    throw new UsageError(
      'TIDEMARK_WEBHOOK_SECRET and TIDEMARK_WEBHOOK_SECRET_FILE are both set: leave one out',
    );
  if (hook === '' && (webhookSecret !== '' || webhookSecretFile !== ''))
    throw new UsageError('a webhook secret is set, but no webhook: set TIDEMARK_WEBHOOK to its address');
  if (webhookSecretFile === '') return webhookSecret;
  const secret = readSecret(webhookSecretFile);
  if (secret === '')
    throw new UsageError(
      `--webhook-secret-file (TIDEMARK_WEBHOOK_SECRET_FILE): ${webhookSecretFile} is empty`,
    );
  return secret;
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--webhook-secret-file (TIDEMARK_WEBHOOK_SECRET_FILE): ${message}`);
  }
}

type Around = Pick<NotifierOptions, 'log' | 'codec' | 'store' | 'receivers' | 'pause' | 'say'>;

/** Hands over to receivers, by the clock and randomness of this machine; makes a new notifier for every term. */
export function notifierMaker(
  given: Around & { readonly staleAfter: number },
  registry: Registry,
): () => { run(signal: AbortSignal): Promise<void> } {
  const registers = [registry];
  const counter = new Counter({
    name: 'tidemark_notifications_total',
    help: 'Alerts sent to a receiver, each time: accepted, failed (sent again), refused or expired (dead letters)',
    labelNames: ['receiver', 'result'],
    registers,
  });
  let running: Notifier | null = null;
  new Gauge({
    name: 'tidemark_notification_lag_seconds',
    help: 'Age of the oldest alert that a receiver has not taken, 0 where it has all; none while standing by',
    labelNames: ['receiver'],
    registers,
    collect() {
      this.reset();
      for (const { receiver, lag } of running?.lags ?? []) this.set({ receiver }, lag / 1_000);
    },
  });
  new Gauge({
    name: 'tidemark_watchdog_firing',
    help: 'Whether TidemarkWatchdog fires, since windows are closed; none while standing by',
    registers,
    collect() {
      if (running) this.set(running.isWatchdogFiring ? 1 : 0);
      else this.remove();
    },
  });
  return () => ({
    run: async (signal) => {
      const notifier = new Notifier({
        ...given,
        ...{ interval: INTERVAL_MS, clock: Date.now, random: Math.random },
        count: (receiver, result, notices) => counter.inc({ receiver, result }, notices),
      });
      running = notifier;
      try {
        await notifier.run(signal);
      } finally {
        running = null;
      }
    },
  });
}
