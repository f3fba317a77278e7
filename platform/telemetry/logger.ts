import { destination, type Logger, pino } from 'pino';

export type { Logger };

/** As ISO 8601: written once for all lines of a millisecond, of which there may be many. */
function timestamps(): () => string {
  let [at, text] = [Number.NaN, ''];
  return () => {
    const now = Date.now();
    if (now !== at) [at, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}

/** JSON lines on stderr. */
export function createLogger({ level = 'info' }: { level?: string } = {}): Logger {
  return pino({ level, base: null, timestamp: timestamps() }, destination({ fd: 2, sync: true }));
}
