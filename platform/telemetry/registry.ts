import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** A registry with the process's own metrics. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // prom-client rounds this to whole seconds, so that a counter could seem to start after its first sample.
  registry.removeSingleMetric('process_start_time_seconds');
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
    registers: [registry],
  }).set(performance.timeOrigin / 1000);
  return registry;
}
