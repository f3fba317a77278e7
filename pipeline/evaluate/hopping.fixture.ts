import { createHash } from 'node:crypto';
import type { WindowRecord } from '../../schemas/types.js';
import { type Row, T } from './driver.fixture.js';

export const hopping = 'alert: Rolling, window: 40s, every: 10s, when: mean_latency > 1s';
export const tumbling = 'alert: Plain, when: mean_latency > 1000s';
export const idOf = (lengths: string, by = 'route'): string =>
  createHash('sha256')
    .update(`http_request_duration_seconds{} errors{status=~"5.."} by (${by}) ${lengths}`)
    .digest('hex')
    .slice(0, 16);
export const [pane, rolling] = [idOf('10000 0'), idOf('40000/10000 0')];

export const row = (start: number, requests: number, more: Partial<Row> = {}): Row => ({
  selection: pane,
  start,
  requests,
  ...more,
});
/** Start and end in s after T, requests. */
export const bounds = ({ start, end, requests }: WindowRecord): unknown[] => [
  (start - T) / 1000,
  (end - T) / 1000,
  requests,
];
