package tidemark.bench;

/** The last sample of a series: what the next one is compared with. */
public final class Sample {
  /** A sample that comes later is the first of its series again, ms. */
  private static final long LOOKBACK = 300_000;
  /** A series that was silent for so long is forgotten, ms. */
  private static final long REMEMBERED_FOR = 3_600_000;

  public long timestamp = Metric.UNKNOWN;
  public double count;
  public double sum;

  /** Where an increase goes: the sums of a window, by its start. */
  interface Into {
    /** Null where the window is closed already: what is late is lost. */
    Sums at(long start);
  }

  /**
   * Adds what the series grew by since this sample, and becomes the next one. What is not later than this one or makes
   * no sense is left out. A series that is new, or was silent for long, counts from its start, where that is known and
   * not long ago; a counter that began anew counts by its values.
   */
  void follow(Metric next, Into windows) {
    if (next.timestamp <= timestamp || !isSound(next)) return;
    boolean isFirst = timestamp == Metric.UNKNOWN || next.timestamp - timestamp > LOOKBACK;
    boolean isReset = next.start > timestamp || next.count < count || next.sum < sum;
    if (isFirst) {
      if (next.start != Metric.UNKNOWN && next.timestamp - next.start <= LOOKBACK) {
        split(next.start, next.timestamp, next.count, next.sum, windows);
      }
    } else if (isReset) {
      split(Math.max(timestamp, next.start), next.timestamp, next.count, next.sum, windows);
    } else {
      split(timestamp, next.timestamp, next.count - count, next.sum - sum, windows);
    }
    var window = windows.at(Windows.endingAt(next.timestamp));
    if (window != null) window.samples++;
    timestamp = next.timestamp;
    count = next.count;
    sum = next.sum;
  }

  boolean isForgottenAt(long watermark) {
    return timestamp + REMEMBERED_FOR < watermark;
  }

  /** An increase over (from, to], by time; the last window gets what the others left, so that nothing is lost. */
  private static void split(long from, long to, double count, double sum, Into windows) {
    long begin = Math.min(from, to - 1);
    long last = Windows.endingAt(to);
    double restOfCount = count;
    double restOfSum = sum;
    for (long at = begin, start = Windows.startOf(begin); start < last; start += Windows.LENGTH, at = start) {
      double share = start + Windows.LENGTH - at;
      double partOfCount = count * share / (to - begin);
      double partOfSum = sum * share / (to - begin);
      addTo(windows.at(start), partOfCount, partOfSum);
      restOfCount -= partOfCount;
      restOfSum -= partOfSum;
    }
    addTo(windows.at(last), restOfCount, restOfSum);
  }

  private static void addTo(Sums window, double count, double sum) {
    if (window != null) window.addIncrease(count, sum);
  }

  private static boolean isSound(Metric next) {
    return next.count >= 0 && next.count < Double.POSITIVE_INFINITY
        && next.sum >= 0 && next.sum < Double.POSITIVE_INFINITY
        && next.start <= next.timestamp;
  }
}
