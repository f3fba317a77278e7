import { Gauge, type Registry } from 'prom-client';
import type { Spout } from '../pipeline/spout/spout.js';

/** Whether a spout writes, and how far it has come; null where it stands by. */
export function exposeSpout(
  registry: Registry,
  spout: () => Pick<Spout, 'watermark' | 'refused'> | null,
): void {
  const registers = [registry];
  new Gauge({
    name: 'tidemark_spout_active',
    help: '1 while it is the one that writes, 0 while it stands by',
    registers,
    collect() {
      this.set(spout() === null ? 0 : 1);
    },
  });
  new Gauge({
    name: 'tidemark_spout_watermark_timestamp_seconds',
    help: 'Event time that it has promised last; none while it stands by',
    registers,
    collect() {
      this.reset();
      const watermark = spout()?.watermark ?? null;
      if (watermark !== null) this.set(watermark / 1000);
    },
  });
  new Gauge({
    name: 'tidemark_spout_refused_samples',
    help: 'Samples that it has not written, since labels of their series are beyond the limits',
    registers,
    collect() {
      this.set(spout()?.refused ?? 0);
    },
  });
}
