/** Fields of a line of the log; null for one that is not known. */
export type Line = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Where a component writes what it does, line by line. A line that belongs to a request carries its `requestId`,
 * and `traceId` where the client is part of a trace; what took time says so as `ms`.
 */
export interface Lines {
  info(line: Line, message: string): void;
  warn(line: Line, message: string): void;
}
