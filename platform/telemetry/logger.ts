import { destination, type Logger, pino } from 'pino';

export type { Logger };

/** JSON lines on stderr. */
export function createLogger({ level = 'info' }: { level?: string } = {}): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  );
}
