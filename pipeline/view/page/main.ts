import type { AlertRecord } from '../../../schemas/types.js';
import { groupText } from '../../model/text.js';
import { type Address, formatAddress, parseAddress, type Tab, tabs } from './address.js';
import { Apis } from './apis.js';
import { Board } from './board.js';
import { BoardView } from './board-view.js';
import { byId, el } from './dom.js';
import { Explorer } from './explorer.js';
import { shown } from './filter.js';
import { Health } from './health.js';
import { History } from './history.js';
import { MarkDialog } from './mark-dialog.js';
import { MarkBook } from './marks.js';
import { MarksPanel } from './marks-panel.js';
import { getRules, ruleOf, showRules } from './rules.js';
import { SilenceList } from './silences.js';
import { follow, getJson } from './stream.js';
import { Videos } from './videos.js';
import { Why } from './why.js';

const countedStates = ['firing', 'pending', 'resolved'] as const;
const STATUS_EVERY_MS = 5_000;
const SECOND_MS = 1_000;

const health = new Health(Date.now);
const now = (): number => health.now();
const board = new Board();
let address = parseAddress(location.search);
let drawing = false;
/** The transition of the past that is explained, until one goes elsewhere. */
let past: AlertRecord | null = null;

const marks = new MarkBook(draw);
const table = new BoardView({
  now,
  onChosen: ({ fingerprint }) => go({ alert: fingerprint }),
  marksOf: (record) => marks.of(record),
});
const history = new History({
  now,
  onChosen: (record) => {
    past = record;
    draw();
  },
});
const explorer = new Explorer({ onChosen: (selection, group) => go({ selection, group: group || null }) });
const why = new Why({
  now,
  onClose: () => go({ alert: null }),
  onWindows: (record) => void showWindowsOf(record),
});
const apis = new Apis(now);
const dialog = new MarkDialog(() => void marks.ask());
const panel = new MarksPanel({
  ...{ now, marks, dialog },
  find: (fingerprint) => board.get(fingerprint),
  onChosen: (fingerprint) => go({ alert: fingerprint }),
});
const silences = new SilenceList({
  ...{ now, marks },
  active: () => board.active(),
});

/** All changes of a frame are drawn at once. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    board.forget(now());
    marks.takeActive(board.active());
    drawCounts();
    byId('marks-note').textContent = marks.problem === null ? '' : `Silences may be old: ${marks.problem}`;
    if (address.tab === 'board') table.show(board.rows(isShown()), address.alert);
    if (address.tab === 'silences') silences.draw();
    const chosen = address.alert === null ? past : board.get(address.alert);
    if (chosen !== null || address.alert === null) why.show(chosen);
    panel.draw(why.shown);
  });
}

function drawCounts(): void {
  const [counts, silenced] = [board.counts(), board.counts(marks.isSilenced)];
  for (const state of countedStates) {
    const button = byId(`count-${state}`);
    button.querySelector('b')?.replaceChildren(String(counts[state]));
    button.querySelector('i')?.replaceChildren(silenced[state] > 0 ? ` (${silenced[state]} silenced)` : '');
    button.setAttribute('aria-pressed', String(address.filter.states.includes(state)));
  }
  document.title = counts.firing > 0 ? `(${counts.firing}) Tidemark` : 'Tidemark';
}

function isShown(): (record: AlertRecord) => boolean {
  const isChosen = shown(address.filter);
  return (record) => isChosen(record) && !(address.hidesSilenced && marks.isSilenced(record));
}

/** Another place on the page, in the URL too. */
function go(to: Partial<Address>, how: 'push' | 'replace' = 'push'): void {
  const before = address;
  address = { ...address, ...to };
  const url = `${location.pathname}${formatAddress(address)}`;
  if (how === 'push') window.history.pushState(null, '', url);
  else window.history.replaceState(null, '', url);
  arrive(before);
}

function arrive(before: Address | null): void {
  past = null;
  for (const tab of tabs) {
    byId(`tab-${tab}`).toggleAttribute('aria-current', tab === address.tab);
    byId(tab).hidden = tab !== address.tab;
  }
  const text = byId('filter') as HTMLInputElement;
  if (text.value !== address.filter.text) text.value = address.filter.text;
  (byId('since') as HTMLSelectElement).value = address.since;
  (byId('hide-silenced') as HTMLInputElement).checked = address.hidesSilenced;
  const moved = (...names: readonly (keyof Address)[]): boolean =>
    before === null || before.tab !== address.tab || names.some((name) => before[name] !== address[name]);
  if (address.tab === 'history' && moved('filter', 'since')) history.show(address.since, address.filter);
  if (address.tab === 'windows' && moved('since', 'selection', 'group'))
    void explorer.show(address.since, address.selection, address.group);
  if (address.tab === 'rules' && moved()) void showRules();
  if (address.tab === 'apis' && moved('since')) void apis.show(address.since);
  if (address.tab === 'videos' && moved()) void videos.show();
  if (before?.tab === 'videos' && address.tab !== 'videos') videos.leave();
  draw();
}

async function showWindowsOf(record: AlertRecord): Promise<void> {
  const { labels } = record;
  const rule = ruleOf(await getRules().catch(() => []), record);
  const group = Object.fromEntries((rule?.by ?? []).map((name) => [name, labels[name] ?? '']));
  go({ tab: 'windows', selection: rule?.selection ?? null, group: rule ? groupText(group) : null });
}

function toggleState(state: string): void {
  const { states } = address.filter;
  const next = states.includes(state) ? states.filter((one) => one !== state) : [...states, state];
  go({ filter: { ...address.filter, states: next } });
}

const stepKeys: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

function onKey(event: KeyboardEvent): void {
  // A dialog has its own keys.
  if (document.querySelector('dialog[open]')) return;
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === 'Escape') {
    if (typing) (event.target as HTMLElement).blur();
    else go({ alert: null });
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = stepKeys[event.key];
  const tab = tabs[Number(event.key) - 1];
  if (event.key === '/') byId('filter').focus();
  else if (by !== undefined && address.tab === 'board') table.step(by);
  else if (tab !== undefined && !byId(`tab-${tab}`).hidden) go({ tab });
  else return;
  event.preventDefault();
}

async function load(): Promise<void> {
  const at = now();
  const [active, past] = await Promise.all([
    getJson<readonly AlertRecord[]>('/api/v1/alerts'),
    getJson<{ readonly transitions: readonly AlertRecord[] }>(
      '/api/v1/history?state=resolved&from=15m&limit=200',
    ),
  ]);
  for (const record of past.transitions) board.take(record);
  board.takeActive(active, at);
  draw();
}

byId('tabs').append(
  ...tabs.map((tab: Tab) =>
    el(
      'button',
      { type: 'button', id: `tab-${tab}`, onclick: () => go({ tab }) },
      tab === 'apis' ? 'APIs' : tab[0]?.toUpperCase() + tab.slice(1),
    ),
  ),
);
const videos = new Videos(now);
byId('counts').append(
  ...countedStates.map((state) =>
    el(
      'button',
      { type: 'button', id: `count-${state}`, class: state, onclick: () => toggleState(state) },
      el('b', {}, '0'),
      ` ${state}`,
      el('i', {}),
    ),
  ),
);
byId('filter').addEventListener('input', ({ target }) =>
  go({ filter: { ...address.filter, text: (target as HTMLInputElement).value } }, 'replace'),
);
byId('since').addEventListener('change', ({ target }) => go({ since: (target as HTMLSelectElement).value }));
byId('hide-silenced').addEventListener('change', ({ target }) =>
  go({ hidesSilenced: (target as HTMLInputElement).checked }),
);
byId('new-silence').addEventListener('click', () => dialog.silence(''));
document.addEventListener('keydown', onKey);
window.addEventListener('popstate', () => {
  const before = address;
  address = parseAddress(location.search);
  arrive(before);
});

let opened = false;
follow<AlertRecord>({
  url: '/api/v1/alerts/stream',
  onRecord: (record) => {
    board.take(record);
    draw();
  },
  onOpen: (open) => {
    health.stream(open);
    // The list is asked for once the stream has begun: what comes in between is in both, and nothing in neither.
    if (open && !opened) void load().catch(() => undefined);
    opened = open;
  },
});
setInterval(() => {
  void health.ask();
  void marks.ask();
  // Each look is a request of the platform that is watched: nobody asks who does not look.
  if (address.tab === 'videos' && !document.hidden) void videos.show();
  if (address.tab === 'apis' && !document.hidden) void apis.show(address.since);
}, STATUS_EVERY_MS);
setInterval(() => {
  health.draw();
  if (address.tab === 'board') table.tick();
}, SECOND_MS);
void health.ask();
void marks.ask();
arrive(null);
