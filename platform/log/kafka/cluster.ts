/** What the adapter uses of kafkajs's own cluster. */
export interface Cluster<B = Broker> {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  /** Partitions by the node that leads them. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, number[]>>;
  findBroker(node: { readonly nodeId: string }): Promise<B>;
  /** Asks for it, each time. */
  findGroupCoordinatorMetadata(of: {
    readonly groupId: string;
    readonly coordinatorType: number;
  }): Promise<{ readonly coordinator: { readonly nodeId: number | string } }>;
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string;
      readonly fromBeginning: boolean;
      readonly partitions: readonly { readonly partition: number }[];
    }[],
  ): Promise<readonly { readonly partitions: readonly { readonly offset: string }[] }[]>;
}

export type Broker = Fetching & Transacting;

export interface Fetching {
  fetch(request: {
    readonly isolationLevel: number;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<{ readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[] }>;
}

export interface Transacting {
  initProducerId(request: {
    readonly transactionalId: string;
    readonly transactionTimeout: number;
  }): Promise<ProducerId>;
  addPartitionsToTxn(
    request: InTransaction & { readonly topics: readonly TopicPartitions[] },
  ): Promise<unknown>;
  addOffsetsToTxn(request: InTransaction & { readonly groupId: string }): Promise<unknown>;
  txnOffsetCommit(
    request: InTransaction & { readonly groupId: string; readonly topics: readonly CommittedTopic[] },
  ): Promise<unknown>;
  endTxn(request: InTransaction & { readonly transactionResult: boolean }): Promise<unknown>;
  produce(
    request: InTransaction & {
      readonly acks: number;
      readonly topicData: readonly {
        readonly topic: string;
        readonly partitions: readonly ProducedPartition[];
      }[];
    },
  ): Promise<{ readonly topics: readonly ProducedTopic[] }>;
}

export interface ProducerId {
  /** kafkajs's own long integer. */
  readonly producerId: unknown;
  readonly producerEpoch: number;
}

export interface InTransaction extends ProducerId {
  readonly transactionalId: string;
}

export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface CommittedTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset: string;
    readonly metadata: string;
  }[];
}

export interface ProducedPartition {
  readonly partition: number;
  /** Of the first of the messages, counted per partition and producer. */
  readonly firstSequence: number;
  readonly messages: readonly { readonly key: Buffer | null; readonly value: Buffer }[];
}

export interface ProducedTopic {
  readonly topicName: string;
  readonly partitions: readonly { readonly partition: number; readonly baseOffset: string }[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  /** Up to where a read-committed reader can see. */
  readonly lastStableOffset?: string;
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  /** Record batches as they are, where they come so; no messages then. */
  readonly records?: Buffer;
  readonly messages: readonly FetchedMessage[];
}

export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

export interface FetchedMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
}
