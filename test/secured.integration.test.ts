import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server as TlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registryClient } from '../platform/codec/registry-client.js';
import { drain, record } from '../platform/log/event-log.contract.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import { certificate, certificateKey } from '../platform/scrape/certificate.fixture.js';
import { redisStore } from '../platform/store/redis/store.js';
import { Component } from './component.js';
import { docker, type Server, startKafka, startRedis, startRegistry } from './containers.js';
import { temporaryFolder } from './tidemark.js';

const USER = 'tidemark';
const PASSWORD = 'ebb and flow';
const module = (name: string, more = ''): string =>
  `org.apache.kafka.common.security.${name} required${more};`;

describe.skipIf(!docker)(
  'servers with TLS and an authority of their own, and a broker with passwords',
  () => {
    const folder = temporaryFolder();
    const authority = join(folder.path, 'authority.pem');
    let server: Server;
    let redis: Server;
    let registry: Server;
    /** Stands before the registry, which it hands on to without TLS. */
    let front: TlsServer;
    beforeAll(async () => {
      writeFileSync(authority, certificate);
      server = await startKafka(
        {
          KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'HOST:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
          KAFKA_SASL_ENABLED_MECHANISMS: 'PLAIN,SCRAM-SHA-512',
          KAFKA_LISTENER_NAME_HOST_PLAIN_SASL_JAAS_CONFIG: module(
            'plain.PlainLoginModule',
            ` user_${USER}="${PASSWORD}"`,
          ),
          KAFKA_LISTENER_NAME_HOST_SCRAM___SHA___512_SASL_JAAS_CONFIG: module('scram.ScramLoginModule'),
          KAFKA_SSL_KEYSTORE_TYPE: 'PEM',
          KAFKA_SSL_KEYSTORE_LOCATION: '/tmp/keystore.pem',
        },
        [{ target: '/tmp/keystore.pem', content: `${certificateKey}${certificate}` }],
      );
      [redis, registry] = await Promise.all([
        startRedis(undefined, { certificate, key: certificateKey }),
        startRegistry(),
      ]);
      const behind = Number(new URL(registry.url).port);
      front = createServer({ cert: certificate, key: certificateKey }, (client) => {
        const plain = connect(behind, 'localhost');
        for (const [one, other] of [[client, plain] as const, [plain, client] as const])
          one.pipe(other).on('error', () => one.destroy());
      });
      await once(front.listen(0), 'listening');
      const added = await server.container.exec([
        ...['/opt/kafka/bin/kafka-configs.sh', '--bootstrap-server', 'localhost:19092', '--alter'],
        ...['--add-config', `SCRAM-SHA-512=[password=${PASSWORD}]`],
        ...['--entity-type', 'users', '--entity-name', USER],
      ]);
      expect(added.exitCode, added.output).toBe(0);
    }, 180_000);
    afterAll(async () => {
      front?.close();
      for (const one of [server, redis, registry]) await one?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    test.each(['plain', 'scram-sha-512'] as const)(
      'is written, read and joined with %s',
      async (mechanism) => {
        const log = kafkaLog({
          brokers: [server.url],
          ssl: { ca: [certificate] },
          sasl: { mechanism, username: USER, password: PASSWORD } as never,
          warn: () => undefined,
          onFatal: (error) => expect.unreachable(error.message),
        });
        await log.createTopics([{ name: mechanism, partitions: 1, retentionMs: null }]);
        await log.append({ topic: mechanism, partition: 0, records: [record('a')] });
        await log.join(mechanism, mechanism, async (owned) => {
          await owned.committed();
          await owned.commit([{ topic: mechanism, partition: 0, records: [record('b')] }], { next: 1 });
        });
        await expect.poll(() => drain(log, mechanism), { timeout: 30_000 }).toEqual(['a', 'b']);
        await log.close();
      },
    );

    const registryUrl = (): string =>
      `https://localhost:${(front.address() as AddressInfo).port}/apis/ccompat/v7`;

    test('are what video management runs over', async () => {
      await using vms = await Component.start('vms', {
        KAFKA_BROKERS: server.url,
        KAFKA_USERNAME: USER,
        KAFKA_PASSWORD: PASSWORD,
        KAFKA_TLS: authority,
        SCHEMA_REGISTRY_URL: registryUrl(),
        SCHEMA_REGISTRY_CA: authority,
        REDIS_URL: redis.url,
        REDIS_CA: authority,
        TIDEMARK_VIDEOS: join(folder.path, 'videos'),
      });
      const ready = async (): Promise<number> => (await fetch(`${vms.admin}/readyz`)).status;
      await expect.poll(ready, { timeout: 20_000 }).toBe(200);
      const user = { name: 'Ada', email: 'ada@example.org', password: 'a long password' };
      const headers = { 'content-type': 'application/json' };
      const registered = await fetch(`${vms.url}/users/register`, {
        ...{ method: 'POST', headers, body: JSON.stringify(user) },
      });
      expect(registered.status).toBe(201);
      expect(await vms.end('SIGTERM')).toBe(0);
    });

    test('are not trusted without their authority, and the way out is said', async () => {
      const said: string[] = [];
      const store = redisStore({ url: redis.url, warn: (text) => said.push(text) });
      const way = /self-signed certificate.* \(set REDIS_CA to the file of its authority\)$/;
      await expect(store.get('a')).rejects.toThrow(way);
      await expect(store.get('a')).rejects.toThrow(way);
      expect(said).toEqual([expect.stringMatching(way)]);
      await store.close();
      const client = await registryClient({ url: registryUrl() });
      await expect(client.find(1)).rejects.toThrow(/self-signed certificate.* \(set SCHEMA_REGISTRY_CA to/);
    });

    test.each([
      [
        'a wrong password',
        { KAFKA_PASSWORD: 'spring tide' },
        /the password or the mechanism is wrong: set KAFKA_USERNAME/,
      ],
      [
        'another authority',
        { KAFKA_TLS: 'on' },
        /creating topics: .*set KAFKA_TLS to the file of the broker's authority/,
      ],
    ])('refuses %s: one clear error, and exit code 1', async (_, given, expected) => {
      const started = Component.start('view', {
        KAFKA_BROKERS: server.url,
        KAFKA_USERNAME: USER,
        KAFKA_PASSWORD: PASSWORD,
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_TLS: authority,
        SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
        REDIS_URL: 'redis://127.0.0.1:1',
        ...given,
      });
      const error = await started.then(
        () => expect.unreachable('it started'),
        (reason: Error) => reason.message,
      );
      expect(error).toMatch(/^tidemark view ended with 1: /);
      expect(error).toMatch(expected);
      expect(
        error
          .trim()
          .split('\n')
          .filter((line) => expected.test(line)),
      ).toHaveLength(1);
      expect(error).not.toMatch(/trying again/);
    });
  },
);
