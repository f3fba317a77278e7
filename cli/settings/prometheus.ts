import { z } from 'zod';

const url = z
  .string()
  .refine(
    (text) => text === '' || (/^https?:\/\//.test(text) && URL.canParse(text)),
    'is no address: write it like http://host:9090',
  );

const header = z.string().transform((text, context) => {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(\S.*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value] as const;
  context.addIssue(`"${text}" is no header: write it like "X-Scope-OrgID: tenant"`);
  return z.NEVER;
});

/** Where Prometheus is, and how it lets one in: declared as in the table of all settings. */
export const prometheusSettings = {
  prometheusUrl: {
    flag: '--prometheus-url <url>',
    variable: 'PROMETHEUS_URL',
    default: '',
    help: 'read what this Prometheus scrapes, in place of targets',
    schema: url,
  },
  prometheusUsername: {
    flag: '--prometheus-username <name>',
    variable: 'PROMETHEUS_USERNAME',
    default: '',
    help: 'user of Prometheus; none without',
    schema: z.string(),
  },
  prometheusPassword: {
    flag: '--prometheus-password <password>',
    variable: 'PROMETHEUS_PASSWORD',
    default: '',
    help: 'password of that user; better given by its variable',
    schema: z.string(),
  },
  prometheusTokenFile: {
    flag: '--prometheus-token-file <file>',
    variable: 'PROMETHEUS_TOKEN_FILE',
    default: '',
    help: 'file of a bearer token; read again for every request',
    schema: z.string(),
  },
  prometheusHeader: {
    flag: '--prometheus-header <header>',
    variable: 'PROMETHEUS_HEADER',
    default: [] as string[],
    help: 'also send this header, "Name: value" (repeatable)',
    schema: z.array(header),
  },
  prometheusCa: {
    flag: '--prometheus-ca <file>',
    variable: 'PROMETHEUS_CA',
    default: '',
    help: 'certificate authority of Prometheus; else the usual ones',
    schema: z.string(),
  },
  prometheusCert: {
    flag: '--prometheus-cert <file>',
    variable: 'PROMETHEUS_CERT',
    default: '',
    help: 'certificate to show to Prometheus',
    schema: z.string(),
  },
  prometheusKey: {
    flag: '--prometheus-key <file>',
    variable: 'PROMETHEUS_KEY',
    default: '',
    help: 'key of that certificate',
    schema: z.string(),
  },
} as const;
