import { median } from './cost.js';
import { type GatewayResult, ratio } from './gateway.js';
import { formatTable } from './table.js';

export function formatGateways(rows: GatewayResult): string {
  const [first] = rows;
  const spread = (values: readonly number[], digits: number): string =>
    [Math.min(...values), median(values), Math.max(...values)]
      .map((value) => value.toFixed(digits))
      .join(' / ');
  const table = formatTable([
    [
      'CPU time of a gateway',
      'us/request',
      'against the first',
      's/GB uploaded',
      'against the first',
      'failed',
    ],
    ...rows.map(({ name, request, upload, failed }) => [
      name,
      spread(request, 0),
      `${ratio(request, first?.request ?? []).toFixed(2)}x`,
      spread(upload, 2),
      `${ratio(upload, first?.upload ?? []).toFixed(2)}x`,
      String(failed),
    ]),
  ]);
  return `${table}\nleast / median / greatest of the turns; the ratios are of the same turn`;
}
