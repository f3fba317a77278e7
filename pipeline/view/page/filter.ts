import type { AlertRecord } from '../../../schemas/types.js';

export interface Filter {
  /** Words that all have to be somewhere in the labels, name or severity. */
  readonly text: string;
  /** States that are shown; all where it is empty. */
  readonly states: readonly string[];
  readonly severities: readonly string[];
}

export const noFilter: Filter = { text: '', states: [], severities: [] };

/** Whether an alert is to be seen. `route=/videos` asks for a label, `-x` for alerts without a word. */
export function shown({ text, states, severities }: Filter): (record: AlertRecord) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (record) => {
    if (states.length > 0 && !states.includes(record.state)) return false;
    if (severities.length > 0 && !severities.includes(record.severity)) return false;
    if (words.length === 0) return true;
    const all = Object.entries(record.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n')
      .toLowerCase();
    return words.every(
      (word) => (word.startsWith('-') && word !== '-') !== all.includes(word.replace(/^-/, '')),
    );
  };
}
