import { readFileSync } from 'node:fs';

/** A line of /proc/PID/status in bytes; null where there is none. */
export function statusBytes(pid: number | 'self', name: 'VmRSS' | 'RssAnon'): number | null {
  try {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    )?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
