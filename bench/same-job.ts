import avro from 'avsc';
import { topics } from '../pipeline/stage/stage.js';
import { apart } from './apart.js';
import { type ClusterOptions, entries, type OpenLog, openKafka } from './logs.js';

/** By how much a sum may differ, of itself: not all add in the same order. */
const MOST_APART = 1e-9;

/** What a job says of a group in a window. */
interface Sums {
  readonly requests: number;
  readonly latencySum: number;
  readonly samples: number;
}

interface Outcome {
  /** By service, route and start. */
  readonly windows: ReadonlyMap<string, Sums>;
  /** Service, route, end of the window and state, in order. */
  readonly alerts: readonly string[];
}

/** As the programs in `bench/jvm` write them. */
interface PeerRecord extends Sums {
  readonly service: string;
  readonly route: string;
  readonly start: number;
  readonly windowEnd: number;
  readonly state: string;
}

/** Throws where a peer's windows or alerts are not ours; `prefix` is what the names of topics begin with. */
export async function checkSameJob(
  cluster: ClusterOptions,
  { ours, peers }: { readonly ours: string; readonly peers: string },
): Promise<void> {
  const open = await openKafka(cluster);
  try {
    const differences = differencesOf(
      await oursIn({ ...open, log: apart(open.log, ours) }),
      await theirsIn({ ...open, log: apart(open.log, peers) }, cluster.registry),
    );
    if (differences.length > 0)
      throw new Error(`${differences.length} differences: ${differences.slice(0, 3).join('; ')}`);
  } finally {
    await open.close();
  }
}

export function differencesOf(ours: Outcome, theirs: Outcome): readonly string[] {
  const differences: string[] = [];
  for (const key of new Set([...ours.windows.keys(), ...theirs.windows.keys()])) {
    const [one, other] = [ours.windows.get(key), theirs.windows.get(key)];
    if (one === undefined || other === undefined)
      differences.push(`window ${key} only ${one ? 'here' : 'there'}`);
    else if (!isSame(one, other))
      differences.push(`window ${key}: ${JSON.stringify(one)} here, ${JSON.stringify(other)} there`);
  }
  for (const [of, others, where] of [
    [ours.alerts, theirs.alerts, 'here'],
    [theirs.alerts, ours.alerts, 'there'],
  ] as const) {
    const there = new Set(others);
    for (const alert of of) if (!there.has(alert)) differences.push(`alert ${alert} only ${where}`);
  }
  if (ours.alerts.length !== theirs.alerts.length)
    differences.push(`${ours.alerts.length} alert records here, ${theirs.alerts.length} there`);
  return differences;
}

const isSame = (one: Sums, other: Sums): boolean =>
  one.samples === other.samples &&
  isClose(one.requests, other.requests) &&
  isClose(one.latencySum, other.latencySum);

const isClose = (one: number, other: number): boolean =>
  Math.abs(one - other) <= MOST_APART * Math.max(1, Math.abs(one));

async function oursIn({ log, codec }: OpenLog): Promise<Outcome> {
  const windows = new Map<string, Sums>();
  const alerts: string[] = [];
  for await (const { value } of entries(log, topics.windows)) {
    const decoded = codec.decode(value);
    if (decoded.type !== 'WindowRecord') continue;
    const { group, start, requests, latencySum, samples } = decoded.value;
    windows.set(`${group.service} ${group.route} ${start}`, { requests, latencySum, samples });
  }
  for await (const { value } of entries(log, topics.alerts)) {
    const decoded = codec.decode(value);
    if (decoded.type !== 'AlertRecord') continue;
    const { labels, windowEnd, state } = decoded.value;
    alerts.push(`${labels.service} ${labels.route} ${windowEnd} ${state}`);
  }
  return { windows, alerts: alerts.sort() };
}

async function theirsIn({ log }: OpenLog, registry: string): Promise<Outcome> {
  const read = peerReader(registry);
  const windows = new Map<string, Sums>();
  const alerts: string[] = [];
  for await (const { value } of entries(log, topics.windows)) {
    const { service, route, start, requests, latencySum, samples } = await read(value);
    windows.set(`${service} ${route} ${start}`, { requests, latencySum, samples });
  }
  for await (const { value } of entries(log, topics.alerts)) {
    const { service, route, windowEnd, state } = await read(value);
    alerts.push(`${service} ${route} ${windowEnd} ${state}`);
  }
  return { windows, alerts: alerts.sort() };
}

/** By the schemas that the registry has of them. */
function peerReader(registry: string): (value: Buffer) => Promise<PeerRecord> {
  const types = new Map<number, avro.Type>();
  return async (value) => {
    const id = value.readInt32BE(1);
    let type = types.get(id);
    if (type === undefined) {
      const response = await fetch(`${registry}/schemas/ids/${id}`);
      if (!response.ok) throw new Error(`the registry says ${response.status} of schema ${id}`);
      const { schema } = (await response.json()) as { readonly schema: string };
      type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
      types.set(id, type);
    }
    return type.fromBuffer(value.subarray(5)) as PeerRecord;
  };
}
