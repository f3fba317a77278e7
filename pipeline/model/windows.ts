/** Tumbling windows `[k * length, (k + 1) * length)` from the epoch, that close `grace` after their end. All in ms. */

/** Start of the window that holds the instant. */
export const windowStart = (at: number, length: number): number => Math.floor(at / length) * length;

/** End of the newest window that a watermark closes; -Infinity without a watermark. */
export const closedEnd = (watermark: number, length: number, grace: number): number =>
  watermark === Number.NEGATIVE_INFINITY ? watermark : windowStart(watermark - grace, length);
