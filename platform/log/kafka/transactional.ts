import type { Kafka, Producer } from 'kafkajs';
import { asTold } from './rounds.js';

const TRANSACTION_TIMEOUT_MS = 10_000;

/**
 * A producer that has fenced those before it under this id, and has ended their open transaction. Connecting
 * alone fences nobody: that is done by the first transaction.
 */
export async function takeOver(kafka: Kafka, transactionalId: string): Promise<Producer> {
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    allowAutoTopicCreation: false,
    metadataMaxAge: 15_000,
    createPartitioner: asTold,
    retry: { initialRetryTime: 10, maxRetryTime: 1_000, retries: 12 },
  });
  try {
    await producer.connect();
    await (await producer.transaction()).abort();
    return producer;
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw error;
  }
}
