import { isMap, type Node } from 'yaml';
import { formatDuration } from '../model/durations.js';
import type { Session } from '../model/selection.js';
import { coarse } from '../model/windows.js';
import type { Entry, Problems } from './document.js';
import { parseDuration } from './duration.js';
import { given, parsed, type Read } from './read.js';

/** How windows lie, in ms. */
export interface WindowSettings {
  /** Length; of sessions, the longest. */
  readonly window: number;
  /** Null: as long as the window. */
  readonly every: number | null;
  readonly session: Session | null;
}

const sessionKeys = ['session', 'max', 'every'];
const SESSION_MAX = 3_600_000;
const SESSION_EVERY = 30_000;

const duration = parsed(parseDuration);

/** A duration that is longer than 0. */
const length: Read<number> = (problems, node, what) => {
  const ms = duration(problems, node, what);
  if (ms === 0) problems.at(node, `${what} must be longer than 0`);
  return ms === 0 ? undefined : ms;
};

/** `window`, a length or a mapping for sessions, and `every`, over what the defaults say. */
export function readWindow(
  problems: Problems,
  entries: ReadonlyMap<string, Entry>,
  base: WindowSettings,
): WindowSettings {
  const own = entries.get('window')?.value;
  const every = entries.get('every')?.value;
  if (own !== undefined ? isMap(own) : every !== undefined && base.session !== null) {
    if (every !== undefined) problems.at(every, 'every of sessions stands within window, beside session');
    return (own && readSession(problems, own)) ?? base;
  }
  const read = given(problems, entries);
  const settings = {
    window: read('window', length) ?? base.window,
    every: read('every', length) ?? (own !== undefined && base.session ? null : base.every),
    session: own === undefined ? base.session : null,
  };
  const place = every ?? own;
  if (place) checkEvery(problems, place, settings);
  return settings;
}

/** `{ session: 2m, max: 1h, every: 30s }` */
function readSession(problems: Problems, node: Node): WindowSettings | null {
  const entries = problems.entries(node, sessionKeys, 'window');
  if (!entries) return null;
  if (!entries.has('session'))
    problems.at(node, 'session is missing: say how long no request must come for a session to be over');
  const read = given(problems, entries);
  const gap = read('session', length);
  const max = read('max', length) ?? SESSION_MAX;
  const every = read('every', length) ?? SESSION_EVERY;
  if (gap === undefined) return null;
  for (const [name, ms] of [['session', gap] as const, ['max', max] as const]) {
    if (ms % every === 0) continue;
    const near = Math.max(1, Math.round(ms / every)) * every;
    problems.at(
      entries.get(name)?.value ?? entries.get('every')?.value ?? node,
      `${name} must be a multiple of every: ${formatDuration(ms)} is none of ${formatDuration(every)}; the nearest is ${formatDuration(near)}`,
    );
  }
  return { window: max, every, session: { gap, max } };
}

/** A window is made of whole panes, and a long one of sums over them. */
export function checkEvery(problems: Problems, node: Node, { window, every, session }: WindowSettings): void {
  if (every === null || session !== null || every === window) return;
  const [length, pane] = [formatDuration(window), formatDuration(every)];
  const found = coarse.find(
    ({ beyond, unit }) => window > beyond && every % unit !== 0 && window % unit !== 0,
  );
  if (found !== undefined) {
    const near = formatDuration(Math.round(window / found.unit) * found.unit);
    problems.at(
      node,
      `${addedUp(found)}: window must be a multiple of it, and ${length} is not; the nearest that is is ${near}`,
    );
    return;
  }
  const near = formatDuration(nearestEvery(window, every));
  const cut = coarse.find((one) => !isWhole(one, window, every));
  if (window % every !== 0)
    problems.at(
      node,
      `every must divide window: ${pane} does not divide ${length}; the nearest that does is ${near}`,
    );
  else if (cut !== undefined)
    problems.at(
      node,
      `${addedUp(cut)}: every must divide ${formatDuration(cut.unit)} or be a multiple of it, and ${pane} is neither; the nearest is ${near}`,
    );
}

type Coarse = (typeof coarse)[number];

const addedUp = ({ beyond, unit }: Coarse): string =>
  `a window longer than ${formatDuration(beyond)} is added up from sums over ${formatDuration(unit)}`;

/** Whether the sums of such a window are of whole panes, or not needed. */
const isWhole = ({ beyond, unit }: Coarse, window: number, every: number): boolean =>
  window <= beyond || every % unit === 0 || (unit % every === 0 && window % unit === 0);

/** What divides the window, and may: in whole seconds where both are; the lesser of two that are as near. */
function nearestEvery(window: number, every: number): number {
  const unit = window % 1000 === 0 && every % 1000 === 0 ? 1000 : 1;
  const total = window / unit;
  let best = window;
  for (let i = 1; i * i <= total; i++) {
    if (total % i !== 0) continue;
    for (const one of [i * unit, (total / i) * unit]) {
      if (!coarse.every((sums) => isWhole(sums, window, one))) continue;
      const nearer = Math.abs(one - every) - Math.abs(best - every);
      if (nearer < 0 || (nearer === 0 && one < best)) best = one;
    }
  }
  return best;
}
