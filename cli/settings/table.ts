import { z } from 'zod';
import { MAX_GROUPS } from '../../pipeline/model/groups.js';
import { gatewaySettings } from './gateway.js';
import { notifySettings } from './notify.js';
import { originSettings } from './origins.js';
import {
  address,
  addressOrNone,
  brokers,
  codecs,
  duration,
  limit,
  metricNames,
  size,
  target,
  waiting,
  wholeNumber,
} from './parsers.js';
import { prometheusSettings } from './prometheus.js';
import { videoSettings } from './videos.js';

/**
 * Every setting, declared once: flag, environment variable (TIDEMARK_ and the flag, unless it has a usual
 * name of its own), default, meaning. One without default must be given.
 */
export const settings = {
  ...prometheusSettings,
  ...notifySettings,
  ...originSettings,
  ...videoSettings,
  ...gatewaySettings,
  kafkaBrokers: {
    flag: '--kafka-brokers <list>',
    variable: 'KAFKA_BROKERS',
    help: 'brokers of the log, host:port,host:port',
    schema: brokers,
  },
  kafkaPrefix: {
    flag: '--kafka-prefix <text>',
    variable: 'KAFKA_PREFIX',
    default: 'tidemark-',
    help: 'what consumer groups and transactional ids begin with',
    schema: z.string(),
  },
  kafkaReplication: {
    flag: '--kafka-replication <n>',
    variable: 'KAFKA_REPLICATION',
    default: '',
    help: 'copies of every record; else three, or as many as there are brokers at the first start',
    schema: z
      .string()
      .regex(/^(?:[1-9]\d*)?$/, 'is no whole number from 1 on')
      .transform((text) => (text === '' ? null : Number(text))),
  },
  kafkaUsername: {
    flag: '--kafka-username <name>',
    variable: 'KAFKA_USERNAME',
    default: '',
    help: 'user of the brokers; none without',
    schema: z.string(),
  },
  kafkaPassword: {
    flag: '--kafka-password <password>',
    variable: 'KAFKA_PASSWORD',
    default: '',
    help: 'password of that user; better given by its variable',
    schema: z.string(),
  },
  kafkaSasl: {
    flag: '--kafka-sasl <mechanism>',
    variable: 'KAFKA_SASL_MECHANISM',
    default: 'scram-sha-512',
    help: 'how the user logs in: plain, scram-sha-256 or scram-sha-512',
    schema: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  },
  kafkaTls: {
    flag: '--kafka-tls <mode>',
    variable: 'KAFKA_TLS',
    default: 'off',
    help: 'off, on, or the file of the certificate authority',
    schema: z.string().min(1),
  },
  registryUrl: {
    flag: '--schema-registry-url <url>',
    variable: 'SCHEMA_REGISTRY_URL',
    help: 'where the Confluent API of the schema registry begins',
    schema: address(['http', 'https']),
  },
  registryCa: {
    flag: '--schema-registry-ca <file>',
    variable: 'SCHEMA_REGISTRY_CA',
    default: '',
    help: 'certificate authority of the schema registry; else the usual ones',
    schema: z.string(),
  },
  redisUrl: {
    flag: '--redis-url <url>',
    variable: 'REDIS_URL',
    help: 'store of users and videos, of alerts of the past and who was told of them, redis:// or rediss://',
    schema: address(['redis', 'rediss']),
  },
  leaseUrl: {
    flag: '--redis-url <url>',
    variable: 'REDIS_URL',
    default: 'none',
    help: 'store of the lease by which one of several spouts is active; none: a spout is alone',
    schema: addressOrNone(['redis', 'rediss']),
  },
  redisCa: {
    flag: '--redis-ca <file>',
    variable: 'REDIS_CA',
    default: '',
    help: 'certificate authority of a rediss:// store; else the usual ones',
    schema: z.string(),
  },
  vmsUrl: {
    flag: '--vms-url <url>',
    variable: 'VMS_URL',
    help: 'where video management is',
    schema: address(['http', 'https']),
  },
  videos: {
    flag: '--videos <folder>',
    help: 'folder of video files, shared by gateway, vms and vps',
    schema: z.string().min(1),
  },
  adminPort: {
    flag: '--admin-port <number>',
    default: '9464',
    help: 'port of /metrics, /healthz and /readyz, not for the public',
    schema: wholeNumber.refine((port) => port <= 65_535, 'must be 65535 at most'),
  },
  port: {
    flag: '--port <number>',
    default: '8080',
    help: 'port to serve at; 0 takes any free one',
    schema: wholeNumber.refine((port) => port <= 65_535, 'must be 65535 at most'),
  },
  host: {
    flag: '--host <address>',
    default: '127.0.0.1',
    help: 'address to listen on',
    schema: z.string().min(1),
  },
  token: {
    flag: '--token <text>',
    default: '',
    help: 'what whoever asks for alerts has to give, as bearer token or password; needed where others than this machine reach it; or local: it is published to this machine alone; or none: something before it asks for a login',
    schema: z.string(),
  },
  data: {
    flag: '--data <folder>',
    default: './data',
    help: 'folder of the log and the store',
    schema: z.string().min(1),
  },
  sla: { flag: '--sla <file>', default: 'sla.yaml', help: 'rule file', schema: z.string().min(1) },
  scrapeInterval: {
    flag: '--scrape-interval <duration>',
    default: '5s',
    help: 'how often targets are scraped',
    schema: waiting,
  },
  source: {
    flag: '--source <name>',
    default: 'spout',
    help: 'name of this spout in the log; keep it over restarts',
    schema: z.string().min(1),
  },
  target: {
    flag: '--target <name=url>',
    default: [] as string[],
    help: 'watch this Prometheus endpoint (repeatable)',
    schema: z.array(target).superRefine((targets, context) => {
      // Their series would have the same labels, and their counters seem to jump back and forth.
      const seen = new Set<string>();
      for (const { name, url } of targets) {
        const place = `${name} at ${new URL(url).host}`;
        if (seen.has(place)) context.addIssue(`there are two targets ${place}: give each a name of its own`);
        seen.add(place);
      }
    }),
  },
  gauge: {
    flag: '--gauge <name>',
    default: [] as string[],
    help: 'also record this gauge, which no rule measures yet (repeatable)',
    schema: metricNames,
  },
  family: {
    flag: '--family <name>',
    default: [] as string[],
    help: 'from Prometheus, also record this histogram or counter, which no rule measures (repeatable)',
    schema: metricNames,
  },
  platform: {
    flag: '--no-platform',
    default: true,
    help: 'watch the targets alone, without gateway and video services',
    schema: z.boolean(),
  },
  uploadLimit: {
    flag: '--upload-limit <size>',
    default: '1GiB',
    help: 'greatest request body',
    schema: size,
  },
  timeout: {
    flag: '--timeout <duration>',
    default: '30s',
    help: 'how long a service may take to begin its answer',
    schema: waiting,
  },
  codecs: {
    flag: '--codecs <list>',
    default: 'h264',
    help: 'what videos are encoded to: h264, or h264,vp9',
    schema: codecs,
  },
  encoders: {
    flag: '--encoders <n>',
    default: '1',
    help: 'how many videos are encoded at a time',
    schema: wholeNumber.refine((n) => n >= 1 && n <= 64, 'must be from 1 to 64'),
  },
  encodeThreads: {
    flag: '--encode-threads <n>',
    default: '2',
    help: 'threads of decoding, of filters and of each encoder of a video',
    schema: wholeNumber.refine((n) => n >= 1 && n <= 64, 'must be from 1 to 64'),
  },
  encodeMemory: {
    flag: '--encode-memory <size>',
    default: '1500MB',
    help: 'memory that the encoding of a video may take; one that needs more is refused (Linux)',
    schema: size.refine((bytes) => bytes >= 256e6, 'must be 256MB at least'),
  },
  stallAfter: {
    flag: '--stall-after <duration>',
    default: '60s',
    help: 'an encode that gets no further for so long is killed, and tried again',
    // Its worker would be taken for stuck after 10 min.
    schema: duration.refine((ms) => ms >= 1_000 && ms <= 300_000, 'must be from 1s to 5m'),
  },
  sweepAfter: {
    flag: '--sweep-after <duration>',
    default: '10m',
    help: 'how long files that nothing refers to are left',
    schema: duration,
  },
  retention: {
    flag: '--retention <duration>',
    default: '2d',
    help: 'how long metrics, windows and alerts are kept',
    schema: duration,
  },
  history: {
    flag: '--history <duration>',
    default: '30d',
    help: 'how long alerts of the past are kept for those who look back',
    schema: duration,
  },
  checkpointEvery: {
    flag: '--checkpoint-every <duration>',
    default: '5m',
    help: 'event time between two checkpoints of a stage',
    schema: duration,
  },
  maxSeries: {
    flag: '--max-series <n>',
    default: '1000000',
    help: 'series that a partition of metrics holds; samples of more are counted, and go to no window',
    schema: limit,
  },
  maxGroups: {
    flag: '--max-groups <n>',
    default: String(MAX_GROUPS),
    help: 'groups that a selection holds in a partition; more count together in one overflow group',
    schema: limit,
  },
  quota: { flag: '--quota <size>', default: '1000GiB', help: 'greatest size of the data file', schema: size },
  logLevel: {
    flag: '--log-level <level>',
    default: 'info',
    help: 'debug, info, warn or error',
    schema: z.enum(['debug', 'info', 'warn', 'error']),
  },
} as const;

export type Name = keyof typeof settings;
export type Given<N extends Name> = { readonly [K in N]: z.output<(typeof settings)[K]['schema']> };
