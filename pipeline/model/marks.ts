import { compileMatchers, type Labels, type Matcher } from './matcher.js';
import { byCodeUnits, escapeValue, groupText } from './text.js';

/** What somebody knows of all alerts with such labels, for a time. Times are ms since the epoch. */
export interface Silence {
  readonly id: string;
  /** All of them have to match. */
  readonly matchers: readonly Matcher[];
  readonly by: string;
  readonly why: string;
  /** In effect while `from <= now < until`. */
  readonly from: number;
  readonly until: number;
}

/** Somebody has taken up one alert, for as long as it is active. Times are ms since the epoch. */
export interface Acknowledgement {
  readonly fingerprint: string;
  /** That of the alert: a later one of the same fingerprint is another. */
  readonly startsAt: number;
  readonly by: string;
  readonly why: string;
  /** When it was said. */
  readonly at: number;
  /** In effect while `now < until`; null while the alert is active. */
  readonly until: number | null;
}

export interface AllMarks {
  readonly silences: readonly Silence[];
  readonly acknowledgements: readonly Acknowledgement[];
}

/** What of an alert decides its marks; of an `AlertRecord`, or of what a receiver is told. */
export interface Markable {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly startsAt: number;
  readonly state: 'inactive' | 'pending' | 'firing' | 'resolved';
}

export interface Marks {
  readonly silences: readonly Silence[];
  readonly acknowledgement: Acknowledgement | null;
  /** Fingerprints of the alerts that say something worse of the same. */
  readonly inhibitedBy: readonly string[];
}

export type SilenceState = 'pending' | 'active' | 'expired';

export const stateOfSilence = ({ from, until }: Silence, now: number): SilenceState =>
  now >= until ? 'expired' : now < from ? 'pending' : 'active';

/** What of all is in effect at that time, whichever alerts there are. */
export const inEffect = ({ silences, acknowledgements }: AllMarks, now: number): AllMarks => ({
  silences: silences.filter((one) => stateOfSilence(one, now) === 'active'),
  acknowledgements: acknowledgements.filter(({ until }) => until === null || now < until),
});

/** Whether it is the alert that was acknowledged, and still active. */
export const isMeant = ({ fingerprint, startsAt }: Acknowledgement, alert: Markable): boolean =>
  alert.fingerprint === fingerprint && alert.startsAt === startsAt && isActive(alert);

const isActive = ({ state }: Markable): boolean => state === 'pending' || state === 'firing';

const ranks: ReadonlyMap<string, number> = new Map([
  ['info', 1],
  ['warning', 2],
  ['critical', 3],
]);
const rankOf = ({ labels }: Markable): number => ranks.get(labels.severity ?? '') ?? 0;

/** What alerts of the same have in common, whatever their severity. */
function subjectOf({ labels: { severity: _, ...labels } }: Markable): string {
  return groupText(labels);
}

/**
 * Finds what inhibits an alert, among all that are active: fingerprints, in order; docs/semantics.md, "Inhibition".
 */
export function inhibitedBy(active: Iterable<Markable>): (alert: Markable) => readonly string[] {
  const bySubject = new Map<string, Markable[]>();
  for (const one of active) {
    // Nothing is less than info.
    if (one.state !== 'firing' || rankOf(one) < 2) continue;
    const subject = subjectOf(one);
    const others = bySubject.get(subject);
    if (others) others.push(one);
    else bySubject.set(subject, [one]);
  }
  return (alert) => {
    const rank = rankOf(alert);
    if (bySubject.size === 0 || rank === 0 || !isActive(alert)) return none;
    const greater = (bySubject.get(subjectOf(alert)) ?? none).filter((one) => rankOf(one) > rank);
    return greater.map(({ fingerprint }) => fingerprint).sort(byCodeUnits);
  };
}

const none: readonly never[] = [];

/**
 * Finds the marks of an alert, by what is in effect and all that are active; docs/semantics.md, "Silences and
 * acknowledgements". Throws SyntaxError on a bad regex.
 */
export function markerOf(
  { silences, acknowledgements }: AllMarks,
  active: Iterable<Markable>,
): (alert: Markable) => Marks {
  const compiled = silences.map((silence) => ({ silence, matches: compileMatchers(silence.matchers) }));
  const said = new Map(acknowledgements.map((one) => [one.fingerprint, one]));
  const inhibitors = inhibitedBy(active);
  return (alert) => {
    const acknowledgement = said.get(alert.fingerprint);
    return {
      silences: compiled.filter(({ matches }) => matches(alert.labels)).map(({ silence }) => silence),
      acknowledgement: acknowledgement && isMeant(acknowledgement, alert) ? acknowledgement : null,
      inhibitedBy: inhibitors(alert),
    };
  };
}

/** The marks of an alert as the API and the webhook give them. */
export interface MarksJson {
  /** Ids of silences; absent where there are none. */
  readonly silencedBy?: readonly string[];
  readonly acknowledgedBy?: string;
  /** Fingerprints; absent where there are none. */
  readonly inhibitedBy?: readonly string[];
}

export const marksJson = ({ silences, acknowledgement, inhibitedBy }: Marks): MarksJson => ({
  ...(silences.length > 0 ? { silencedBy: silences.map(({ id }) => id) } : {}),
  ...(acknowledgement ? { acknowledgedBy: acknowledgement.by } : {}),
  ...(inhibitedBy.length > 0 ? { inhibitedBy } : {}),
});

/** A selector of these matchers: `{a="x",b=~"y.*"}`. */
export const matchersText = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(({ label, operator, value }) => `${label}${operator}"${escapeValue(value)}"`).join(',')}}`;
