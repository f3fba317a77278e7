import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

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

/** Resident set of this process without garbage, bytes. */
export function rssWithoutGarbage(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return statusBytes('self', 'VmRSS') ?? process.memoryUsage.rss();
}
