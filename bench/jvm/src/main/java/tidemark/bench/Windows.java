package tidemark.bench;

/** Tumbling windows, from the epoch. */
final class Windows {
  /** ms */
  static final long LENGTH = 30_000;

  private Windows() {}

  /** Start of the window in which an interval (.., t] ends: it does not reach into one that begins at t. */
  static long endingAt(long t) {
    return startOf(t - 1);
  }

  static long startOf(long t) {
    return Math.floorDiv(t, LENGTH) * LENGTH;
  }
}
