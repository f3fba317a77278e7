import { Counter, Histogram, type Registry } from 'prom-client';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const bytes = [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

export interface Exchange {
  /** Template from the service's own route table, or `unmatched`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** A histogram of one label set: counts by bucket, the last one for all above. */
class Cell {
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] ?? 0)) at++;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += value;
    this.count++;
  }
}

interface Cells {
  readonly labels: Readonly<Record<string, string>>;
  readonly duration: Cell;
  readonly request: Cell;
  readonly response: Cell;
}

const parts = [
  ['http_request_duration_seconds', 'Time from the request to the end of its answer, s', 'duration', seconds],
  ['http_request_size_bytes', 'Size of request bodies, bytes', 'request', bytes],
  ['http_response_size_bytes', 'Size of response bodies, bytes', 'response', bytes],
] as const;

/** Counts exchanges in cells of its own, which prom-client sees at scrape time only. */
export class HttpMetrics {
  readonly #cells = new Map<string, Cells>();

  constructor(
    registry: Registry,
    readonly service: string,
  ) {
    for (const [name, help, part, bounds] of parts) {
      const labelNames = ['service', 'route', 'method', 'status'] as const;
      const metric = new Histogram({ name, help, labelNames, buckets: [...bounds], registers: [registry] });
      const get = (): Promise<MetricObject> => Promise.resolve(this.#histogram(name, help, part));
      // The registry asks a histogram by either name.
      Object.assign(metric, { get, getForPromString: get });
    }
    const counter = new Counter({
      name: 'http_requests_total',
      help: 'Requests answered',
      registers: [registry],
    });
    counter.get = () => Promise.resolve(this.#requests());
  }

  observe({ route, method, status, seconds: duration, requestBytes, responseBytes }: Exchange): void {
    const verb = methods.has(method) ? method : '_OTHER';
    const key = `${status} ${verb} ${route}`;
    let cells = this.#cells.get(key);
    if (!cells) {
      const labels = { service: this.service, route, method: verb, status: String(status) };
      cells = { labels, duration: new Cell(seconds), request: new Cell(bytes), response: new Cell(bytes) };
      this.#cells.set(key, cells);
    }
    cells.duration.observe(duration);
    cells.request.observe(requestBytes);
    cells.response.observe(responseBytes);
  }

  #histogram(name: string, help: string, part: 'duration' | 'request' | 'response'): MetricObject {
    const values = [...this.#cells.values()].flatMap((cells) => {
      const { bounds, counts, sum, count } = cells[part];
      let below = 0;
      const rows = [...counts].map((n, i) => {
        below += n;
        return {
          metricName: `${name}_bucket`,
          labels: { le: bounds[i] ?? '+Inf', ...cells.labels },
          value: below,
        };
      });
      return [
        ...rows,
        { metricName: `${name}_sum`, labels: cells.labels, value: sum },
        { metricName: `${name}_count`, labels: cells.labels, value: count },
      ];
    });
    return { name, help, type: 'histogram', aggregator: 'sum', values } as unknown as MetricObject;
  }

  #requests(): MetricObject {
    const values = [...this.#cells.values()].map(({ labels, duration }) => ({
      labels,
      value: duration.count,
    }));
    const name = 'http_requests_total';
    return {
      name,
      help: 'Requests answered',
      type: 'counter',
      aggregator: 'sum',
      values,
    } as unknown as MetricObject;
  }
}

type MetricObject = Awaited<ReturnType<Histogram['get']>> & Awaited<ReturnType<Counter['get']>>;
