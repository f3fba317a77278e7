import type { Labels } from '../pipeline/model/matcher.js';
import { normalLabels, seriesText } from '../pipeline/model/text.js';
import type { RawSeries, SampleSource } from '../pipeline/spout/sample-source.js';
import type { SimulatedTarget } from './simulation.js';

interface Stored {
  readonly name: string;
  readonly labels: Labels;
  readonly samples: { readonly at: number; readonly value: number; readonly seenAt: number }[];
}

/** For so long a target is known that is not scraped any more, ms. */
const LOOKBACK = 5 * 60_000;

/** A Prometheus in simulated time: it scrapes when it is told to, and answers as the real one does. */
export class SimulatedPrometheus implements SampleSource {
  /** Why it does not answer. */
  down: string | null = null;
  asked = 0;
  /** What happens between two questions. */
  between: () => void = () => undefined;
  readonly #series = new Map<string, Stored>();

  constructor(
    readonly now: () => number,
    /** Whether a range has what stands at its beginning, as 2.x has it. */
    readonly closed: boolean = false,
  ) {}

  /** A scrape that begins now, and is there to be read `takes` ms later. */
  scrape(target: SimulatedTarget, takes = 0): void {
    const at = this.now();
    const labels = { job: target.name, instance: `${target.name}:80` };
    const store = (name: string, more: Labels, value: number): void => {
      const all = normalLabels({ ...labels, ...more });
      const key = seriesText(name, all);
      const stored = this.#series.get(key) ?? { name, labels: all, samples: [] };
      this.#series.set(key, stored);
      stored.samples.push({ at, value, seenAt: at + takes });
    };
    store('up', {}, target.down === null ? 1 : 0);
    if (target.down !== null) return;
    const { samples, processStart } = target.scrape();
    if (processStart !== null) store('process_start_time_seconds', {}, processStart / 1000);
    for (const { name, labels: own, type, count, sum } of samples) {
      if (type === 'gauge') {
        store(name, own, sum);
        continue;
      }
      store(`${name}_count`, own, count);
      store(`${name}_sum`, own, sum);
      for (const le of ['+Inf', '10', '2.5']) store(`${name}_bucket`, { ...own, le }, count);
    }
    store('another_metric', {}, 1);
  }

  clock(): Promise<number> {
    this.#ask();
    return Promise.resolve(this.now());
  }

  async targets(at: number): Promise<readonly Labels[]> {
    return (await this.samples(['up'], { from: at - LOOKBACK, to: at })).map(({ labels }) => labels);
  }

  async samples(
    names: readonly string[],
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<readonly RawSeries[]> {
    this.#ask();
    return [...this.#series.values()]
      .filter(({ name }) => names.includes(name))
      .map(({ name, labels, samples }) => {
        const within = samples.filter(
          ({ at, seenAt }) => (this.closed ? at >= from : at > from) && at <= to && seenAt <= this.now(),
        );
        return {
          name,
          labels,
          times: within.map(({ at }) => at),
          values: within.map(({ value }) => value),
        };
      })
      .filter(({ times }) => times.length > 0);
  }

  #ask(): void {
    this.asked++;
    this.between();
    if (this.down !== null) throw new Error(this.down);
  }
}
