import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { alertOf } from '../pipeline/follow/alert.fixture.js';
import { exposeAlerts } from './alert-metrics.js';

test('alerts are counted by rule, severity and state, and gone when they are over', async () => {
  const registry = new Registry();
  let active = [alertOf('/a', 'firing'), alertOf('/b', 'firing'), alertOf('/c', 'pending')];
  exposeAlerts(registry, () => active);
  const shown = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('tidemark_alerts{'));
  expect(await shown()).toEqual([
    'tidemark_alerts{alert="Slow",severity="warning",state="firing"} 2',
    'tidemark_alerts{alert="Slow",severity="warning",state="pending"} 1',
  ]);
  active = [];
  expect(await shown()).toEqual([]);
});
