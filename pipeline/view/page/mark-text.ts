import type { Acknowledgement, Marks, Silence } from '../../model/marks.js';
import { el } from './dom.js';
import { timeText } from './format.js';

/** `ada, until 16:10:00: deploying 1.4` */
export const silenceText = ({ by, why, until }: Silence, now: number): string =>
  `${by}, until ${timeText(until, now)}: ${why}`;

export const acknowledgementText = ({ by, why, until }: Acknowledgement, now: number): string =>
  `${by}${until === null ? '' : `, until ${timeText(until, now)}`}: ${why}`;

/** Alike for marks that read alike. */
export const keyOf = ({ silences, acknowledgement, inhibitedBy }: Marks): string =>
  `${silences.map(({ id }) => id)} ${acknowledgement?.at ?? ''} ${inhibitedBy}`;

/** Marks a row: badges that say who, until when and why. A row that is marked so already stays as it is. */
export function markRow(row: HTMLElement, marks: Marks, now: number): void {
  const { silences, acknowledgement, inhibitedBy } = marks;
  const key = keyOf(marks);
  const place = row.querySelector('.what');
  if (place === null || row.dataset.marks === key) return;
  row.dataset.marks = key;
  row.classList.toggle('silenced', silences.length > 0);
  row.classList.toggle('inhibited', inhibitedBy.length > 0);
  for (const badge of place.querySelectorAll('mark')) badge.remove();
  const badge = (text: string, title: string): HTMLElement => el('mark', { title }, text);
  place.prepend(
    ...(silences.length > 0
      ? [badge('silenced', silences.map((one) => silenceText(one, now)).join('\n'))]
      : []),
    ...(inhibitedBy.length > 0 ? [badge('inhibited', 'the same fires with a greater severity')] : []),
    ...(acknowledgement ? [badge('acknowledged', acknowledgementText(acknowledgement, now))] : []),
  );
}
