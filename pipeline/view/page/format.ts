import type { AlertRecord } from '../../../schemas/types.js';
import { decidingRate, overText } from '../../model/alert-text.js';
import { valueText } from '../../model/format.js';
import { short } from '../../model/units.js';

/** What the value was compared with: `> 300ms`, or `> 1.2 x 301ms`; of a burn rate, over which windows. */
export function thresholdText(record: AlertRecord): string {
  const { measure, operator, threshold, baseline } = record;
  if (threshold === null) return '';
  const rate = decidingRate(record);
  if (rate !== null) return overText(rate);
  if (baseline === null || baseline.value === 0) return `${operator} ${valueText(measure, threshold)}`;
  return `${operator} ${short(threshold / baseline.value)} x ${valueText(measure, baseline.value)}`;
}

/** How many times the baseline, or the threshold, the value is; empty where that says nothing. */
export function ratioText({ value, threshold, baseline }: AlertRecord): string {
  const against = baseline?.value ?? threshold;
  if (value === null || against === null || against === 0) return '';
  const times = value / against;
  return `${times < 100 ? times.toFixed(2) : short(times)}x`;
}

/** How the load changed with it, where the rule asks for that: `48/s -> 71/s`. */
export function rateText({ context }: AlertRecord): string {
  const rate = context.find(({ measure }) => measure === 'request_rate');
  if (rate === undefined) return '';
  const now = valueText('request_rate', rate.value);
  return rate.baseline === null
    ? now
    : `${valueText('request_rate', rate.baseline)} → ${now}${rate.rising ? ' ▲' : ''}`;
}

const usual = ['service', 'method', 'route'];

/** The labels of the group: the usual ones as people say them, others with their names. */
export function groupLabel(labels: Readonly<Record<string, string>>): string {
  const { alertname: _a, severity: _s, ...group } = labels;
  const first = usual.flatMap((name) => (group[name] === undefined ? [] : [group[name]]));
  const others = Object.entries(group).filter(([name]) => !usual.includes(name));
  return [...first, ...others.map(([name, value]) => `${name}=${value}`)].join(' ') || 'all';
}

/** `45s`, `3m 05s`, `2h 07m`, `3d 4h`. */
export function ageText(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const pad = (n: number): string => String(n).padStart(2, '0');
  if (s < 60) return `${s}s`;
  if (s < 3_600) return `${Math.floor(s / 60)}m ${pad(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)}h ${pad(Math.floor((s % 3_600) / 60))}m`;
  return `${Math.floor(s / 86_400)}d ${Math.floor((s % 86_400) / 3_600)}h`;
}

const twoDigits = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

/** The time of day, and the day before it where that is another than today. */
export function timeText(ms: number, now: number): string {
  const [date, today] = [new Date(ms), new Date(now)];
  const time = date.toLocaleTimeString('en-GB', twoDigits);
  return date.toDateString() === today.toDateString()
    ? time
    : `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')} ${time}`;
}
