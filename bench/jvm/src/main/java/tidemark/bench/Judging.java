package tidemark.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * The rule, for one group: {@code mean_latency > 1.2 * baseline}, the mean of the 10 windows before, of which 5 must
 * count. Windows after which the alert was active do not; while it is, the baseline is held, for an hour at most.
 */
public final class Judging {
  private static final double FACTOR = 1.2;
  private static final int CANDIDATES = 10;
  private static final int LEAST = 5;
  /** ms */
  private static final long HELD_FOR = 3_600_000;
  /** How long an alert stays that cannot be judged any more, ms. */
  private static final long NO_DATA_FOR = 900_000;

  /** What became of the alert. */
  enum State {
    FIRING,
    RESOLVED
  }

  /** A window with requests. */
  public static final class Past {
    public long start;
    public double requests;
    public double latencySum;
    /** Whether the alert was active after it. */
    public boolean isActive;
  }

  /** In order. */
  public List<Past> past = new ArrayList<>();
  public boolean isFiring;
  /** Mean latency that is held, s, and the end of the window since which it is. */
  public double held;
  public long heldSince;
  /** End of the last window that was judged. */
  public long lastJudged;

  /** The window that ends then, or null where the group has no data; what it does to the alert, or null. */
  State judge(long end, Sums sums) {
    long start = end - Windows.LENGTH;
    past.removeIf(one -> one.start < start - CANDIDATES * Windows.LENGTH);
    var state = step(end, sums);
    if (sums != null && sums.requests > 0) {
      var one = new Past();
      one.start = start;
      one.requests = sums.requests;
      one.latencySum = sums.latencySum;
      one.isActive = isFiring;
      past.add(one);
    }
    return state;
  }

  private State step(long end, Sums sums) {
    double baseline = baseline(end);
    if (sums == null || !sums.isCovered || sums.requests == 0 || Double.isNaN(baseline)) {
      if (!isFiring || end - lastJudged <= NO_DATA_FOR) return null;
      isFiring = false;
      return State.RESOLVED;
    }
    lastJudged = end;
    boolean isBroken = sums.latencySum / sums.requests > FACTOR * baseline;
    if (isBroken == isFiring) return null;
    isFiring = isBroken;
    if (!isBroken) return State.RESOLVED;
    held = baseline;
    heldSince = end;
    return State.FIRING;
  }

  /** NaN where too few windows count. */
  private double baseline(long end) {
    if (isFiring && end - heldSince <= HELD_FOR) return held;
    int windows = 0;
    double requests = 0;
    double latencySum = 0;
    for (var one : past) {
      // What lasts longer than a baseline is held is what is usual now.
      if (one.isActive && !isFiring) continue;
      windows++;
      requests += one.requests;
      latencySum += one.latencySum;
    }
    return windows < LEAST ? Double.NaN : latencySum / requests;
  }

  /** End of the window at which an alert ends that is not judged until then. */
  long givenUpAt() {
    return lastJudged + NO_DATA_FOR + Windows.LENGTH;
  }
}
