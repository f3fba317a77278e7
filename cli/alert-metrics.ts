import { Gauge, type Registry } from 'prom-client';
import type { AlertRecord } from '../schemas/types.js';

/** How many alerts are pending and firing. */
export function exposeAlerts(registry: Registry, active: () => readonly AlertRecord[]): void {
  new Gauge({
    name: 'tidemark_alerts',
    help: 'Alerts that are pending or firing, by rule and severity',
    labelNames: ['alert', 'severity', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { alert, severity, state } of active()) this.inc({ alert, severity, state });
    },
  });
}
