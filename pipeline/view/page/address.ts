import { type Filter, noFilter } from './filter.js';

export const tabs = ['board', 'history', 'windows', 'rules', 'silences', 'apis', 'videos'] as const;
export type Tab = (typeof tabs)[number];

/** All of the page that a link takes along. */
export interface Address {
  readonly tab: Tab;
  readonly filter: Filter;
  /** Whether the board leaves out what is silenced. */
  readonly hidesSilenced: boolean;
  /** Fingerprint of the alert that is explained. */
  readonly alert: string | null;
  /** How far back history and windows go: a duration. */
  readonly since: string;
  /** What the window explorer shows: a selection and a group's text. */
  readonly selection: string | null;
  readonly group: string | null;
}

export const home: Address = {
  ...{ tab: 'board', filter: noFilter, hidesSilenced: false, alert: null, since: '1h' },
  ...{ selection: null, group: null },
};

const list = (text: string | null): readonly string[] => (text ?? '').split(',').filter(Boolean);

/** What the query of a URL says; what it does not say is as at home. */
export function parseAddress(query: string): Address {
  const given = new URLSearchParams(query);
  const tab = tabs.find((one) => one === given.get('tab')) ?? home.tab;
  return {
    tab,
    filter: {
      text: given.get('q') ?? '',
      states: list(given.get('state')),
      severities: list(given.get('severity')),
    },
    hidesSilenced: given.get('silenced') === 'hide',
    alert: given.get('alert'),
    since: given.get('since') ?? home.since,
    selection: given.get('selection'),
    group: given.get('group'),
  };
}

/** The query of such a URL, empty at home. */
export function formatAddress(address: Address): string {
  const { tab, filter, hidesSilenced, alert, since, selection, group } = address;
  const said: readonly (readonly [string, string | null])[] = [
    ['tab', tab === home.tab ? null : tab],
    ['q', filter.text],
    ['state', filter.states.join(',')],
    ['severity', filter.severities.join(',')],
    ['silenced', hidesSilenced ? 'hide' : null],
    ['alert', alert],
    ['since', since === home.since ? null : since],
    ['selection', selection],
    ['group', group],
  ];
  const query = new URLSearchParams();
  for (const [name, value] of said) if (value) query.set(name, value);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
