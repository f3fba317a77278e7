import type { AlertRecord, WindowRecord } from '../../../schemas/types.js';
import { fromRecord } from '../../model/buckets.js';
import { valueText } from '../../model/format.js';
import { isMeasure, isOfRequests, type Measure, measured } from '../../model/measures.js';
import type { Sums } from '../../model/sums.js';
import { byId, el } from './dom.js';
import { groupLabel } from './format.js';
import { getRules, type RuleStatus } from './rules.js';
import { getJson } from './stream.js';
import uPlot from './vendor/uplot.js';

export interface ExplorerOptions {
  /** Told what is looked at, so that a link takes it along. */
  readonly onChosen: (selection: string, group: string) => void;
}

interface Group {
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Page {
  readonly transitions: readonly AlertRecord[];
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly severity: string;
}

const HEIGHT = 220;

/** The windows of one group over time, with the times shaded in which an alert of it was firing. */
export class Explorer {
  #asking = new AbortController();
  #plots: uPlot[] = [];
  #rules: readonly RuleStatus[] = [];

  constructor(readonly options: ExplorerOptions) {
    byId('selection').addEventListener('change', () => this.#choose(''));
    byId('group').addEventListener('change', () => this.#choose(chosenIn('group')));
    new ResizeObserver(() => {
      for (const plot of this.#plots) plot.setSize({ width: widthOf(), height: HEIGHT });
    }).observe(byId('charts'));
  }

  async show(since: string, selection: string | null, group: string | null): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const note = byId('windows-note');
    try {
      this.#rules = await getRules();
      const chosen = selection ?? this.#rules[0]?.selection ?? '';
      const names = new Map<string, string[]>();
      for (const rule of this.#rules)
        names.set(rule.selection, [...(names.get(rule.selection) ?? []), rule.name]);
      options(
        'selection',
        [...names].map(([id, alerts]) => [id, alerts.join(', ')]),
        chosen,
      );
      const groups = await getJson<readonly Group[]>(
        `/api/v1/groups?selection=${encodeURIComponent(chosen)}`,
        signal,
      );
      const text = group ?? groups[0]?.text ?? '';
      options(
        'group',
        groups.map(({ text, labels }) => [text, groupLabel(labels)]),
        text,
      );
      const query = new URLSearchParams({ since, selection: chosen, group: text });
      const windows = await getJson<readonly WindowRecord[]>(`/api/v1/windows?${query}`, signal);
      const spans = await this.#spans(windows, chosen, since, signal);
      if (signal.aborted) return;
      note.textContent =
        windows.length === 0 ? 'No window of it has closed in this time.' : `${windows.length} windows`;
      this.#draw(windows, spans, this.#measuresOf(chosen));
    } catch (error) {
      if (!signal.aborted) note.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  /** What the rules of a selection measure; of requests also how fast and how many they are. */
  #measuresOf(selection: string): readonly Measure[] {
    const said = this.#rules
      .filter((rule) => rule.selection === selection)
      .map(({ condition, objective }) => (objective ? (objective.sli ?? 'error_ratio') : condition.measure))
      .filter(isMeasure);
    const usual = said.every(isOfRequests) ? (['mean_latency', 'request_rate'] as const) : [];
    return [...new Set<Measure>([...usual, ...said])];
  }

  #choose(group: string): void {
    this.options.onChosen(chosenIn('selection'), group);
  }

  async #spans(
    windows: readonly WindowRecord[],
    selection: string,
    since: string,
    signal: AbortSignal,
  ): Promise<readonly Span[]> {
    const labels = windows[0]?.group ?? {};
    const names = new Set(
      this.#rules.filter((rule) => rule.selection === selection).map(({ alert }) => alert),
    );
    const match = `{${Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)}}`;
    const query = new URLSearchParams({ from: since, limit: '1000', ...(match === '{}' ? {} : { match }) });
    const { transitions } = await getJson<Page>(`/api/v1/history?${query}`, signal);
    return spansOf(
      transitions.filter(({ alert }) => names.has(alert)),
      windows.at(-1)?.end ?? 0,
    );
  }

  #draw(windows: readonly WindowRecord[], spans: readonly Span[], measures: readonly Measure[]): void {
    for (const plot of this.#plots) plot.destroy();
    byId('charts').replaceChildren();
    const times = windows.map(({ end }) => end / 1000);
    const chart = (title: string, measure: string, values: (number | null)[]): uPlot =>
      new uPlot(
        {
          title,
          ...{ width: widthOf(), height: HEIGHT, cursor: { sync: { key: 'windows' } } },
          series: [
            {},
            {
              label: title,
              stroke: colour('--line'),
              width: 1.5,
              value: (_, v) => (v == null ? '–' : valueText(measure, v)),
            },
          ],
          axes: [
            { stroke: colour('--text'), grid: { stroke: colour('--grid') } },
            {
              ...{ stroke: colour('--text'), grid: { stroke: colour('--grid') }, size: 70 },
              values: (_, ticks) => ticks.map((tick) => tickText(measure, tick)),
            },
          ],
          scales: { y: { range: (_, __, most) => [0, most * 1.1 || 1] } },
          hooks: { drawClear: [(plot) => shade(plot, spans)] },
        },
        [times, values],
        byId('charts'),
      );
    this.#plots = measures.map((measure) =>
      chart(
        measure.replaceAll('_', ' '),
        measure,
        windows.map((window) => measured(measure, sumsOf(window), window.end - window.start)),
      ),
    );
  }
}

/** From each firing to its end, or to the last window where it has none yet. Transitions come newest first. */
export function spansOf(transitions: readonly AlertRecord[], last: number): readonly Span[] {
  const spans: Span[] = [];
  const ends = new Map<string, number>();
  for (const { fingerprint, state, severity, windowEnd } of transitions) {
    if (state !== 'firing') ends.set(fingerprint, windowEnd);
    else spans.push({ from: windowEnd, to: ends.get(fingerprint) ?? last, severity });
  }
  return spans;
}

function shade(plot: uPlot, spans: readonly Span[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { from, to, severity } of spans) {
    const at = (ms: number): number =>
      Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(ms / 1000, 'x', true)));
    ctx.fillStyle = colour(severity === 'critical' ? '--critical-shade' : '--warning-shade');
    ctx.fillRect(at(from), bbox.top, Math.max(2, at(to) - at(from)), bbox.height);
  }
  ctx.restore();
}

const sumsOf = ({ buckets, ...rest }: WindowRecord): Sums => ({
  ...rest,
  buckets: buckets && fromRecord(buckets),
});

/** A number without a unit may be a long one. */
function tickText(measure: string, tick: number): string {
  const text = valueText(measure, tick);
  return text.length < 9 ? text : compact.format(tick);
}
const compact = new Intl.NumberFormat('en', { notation: 'compact' });

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const widthOf = (): number => Math.max(280, byId('charts').clientWidth);
const chosenIn = (id: string): string => (byId(id) as HTMLSelectElement).value;

function options(id: string, entries: readonly (readonly [string, string])[], chosen: string): void {
  byId(id).replaceChildren(
    ...entries.map(([value, text]) => el('option', { value, selected: value === chosen }, text)),
  );
}
