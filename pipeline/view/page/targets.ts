import { el } from './dom.js';
import { ageText } from './format.js';

/** A target as `/api/v1/status` has it. */
export interface TargetStatus {
  readonly source: string;
  readonly job: string;
  readonly instance: string;
  readonly up: boolean;
  readonly lastScrape: number | null;
  readonly problem: string | null;
  readonly at: number;
}

/** A source that has told nothing for so long knows nothing of its targets any more, ms. */
const OLD_MS = 60_000;
/** So many that are down are named; of more it is said how many. */
const NAMED = 3;

/** How many targets are up, and which are not since when. Empty where nobody has told of any. */
export function targetItems(targets: readonly TargetStatus[], now: number): readonly HTMLElement[] {
  if (targets.length === 0) return [];
  const known = targets.filter(({ at }) => now - at <= OLD_MS);
  const down = known.filter(({ up }) => !up);
  const unknown = targets.length - known.length;
  const count = `${known.length - down.length}/${targets.length} up${unknown > 0 ? `, ${unknown} unknown` : ''}`;
  const titles = targets.map((one) => `${one.job} ${one.instance}: ${stateText(one, now)}`);
  const named = down.slice(0, NAMED).map((one) => item(one.job, stateText(one, now), titleOf(one), 'down'));
  const more = down.length > NAMED ? [item('and', `${down.length - NAMED} more down`, '', 'down')] : [];
  return [item('targets', count, titles.join('\n'), null), ...named, ...more];
}

function stateText({ up, lastScrape, at }: TargetStatus, now: number): string {
  if (now - at > OLD_MS) return `unknown for ${ageText(now - at)}`;
  if (lastScrape === null) return 'down since its spout began';
  return up ? `scraped ${ageText(now - lastScrape)} ago` : `down for ${ageText(now - lastScrape)}`;
}

const titleOf = ({ source, instance, problem }: TargetStatus): string =>
  `${instance}, of ${source}: ${problem ?? ''}`;

const item = (name: string, text: string, title: string, state: 'down' | null): HTMLElement =>
  el('span', { class: 'item', title }, el('i', {}, `${name} `), el('b', { class: state }, text));
