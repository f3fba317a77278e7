import { readFileSync } from 'node:fs';

interface Panel {
  readonly id: number;
  /** Of 24 columns. */
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly type: string; readonly definition?: string }[] };
}

export interface PanelQuery {
  readonly panel: string;
  /** PromQL, as Grafana would ask it. */
  readonly promql: string;
  readonly legend: string;
}

export const dashboard = (): Dashboard =>
  JSON.parse(readFileSync('docs/grafana/tidemark.json', 'utf8')) as Dashboard;

/** What its panels ask, for all rules. */
export const panelQueries = (): PanelQuery[] =>
  dashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      panel: title,
      promql: expr.replaceAll('$rule', '.*').replaceAll('$__rate_interval', '1m'),
      legend: legendFormat,
    })),
  );
